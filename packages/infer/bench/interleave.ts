/** Median milliseconds of each rival; they take turns, so that whatever else the machine does meets all alike. */
export async function interleave<Name extends string>(
  rivals: Readonly<Record<Name, () => Promise<unknown>>>,
  options: { readonly rounds: number; readonly warmUp?: number },
): Promise<Record<Name, number>> {
  const names = Object.keys(rivals) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -(options.warmUp ?? 2); round < options.rounds; round++) {
    for (const name of names) {
      const start = performance.now();
      await rivals[name]();
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>;
}
