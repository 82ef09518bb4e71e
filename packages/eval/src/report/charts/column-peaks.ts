/** A value and where it stood. */
export interface Peak {
  readonly index: number;
  readonly value: number;
}

/**
 * The highest value of each of at most `columns` equally long stretches, so that a long series can be drawn without
 * losing what stands out. A series no longer than that comes back whole. Stretches without a number are left out.
 */
export function columnPeaks(values: readonly (number | null)[], columns: number): Peak[] {
  const length = Math.max(1, Math.ceil(values.length / columns));
  const peaks: Peak[] = [];
  for (let from = 0; from < values.length; from += length) {
    let best: Peak | undefined;
    for (let index = from; index < Math.min(values.length, from + length); index++) {
      const value = values[index];
      if (typeof value === "number" && !(value <= (best?.value ?? -Infinity))) best = { index, value };
    }
    if (best !== undefined) peaks.push(best);
  }
  return peaks;
}
