import { createPhraseTest } from "./contains-phrase.ts";

/**
 * A test for texts that, spoken one after another, say a phrase which none of them says alone: "galactic" and "temperature
 * now" say "galactic temperature". Nothing joins across an unknown text.
 */
export function createJoinTest(
  phrases: readonly string[],
): (texts: readonly (string | undefined)[]) => boolean {
  const saysAny = createPhraseTest(phrases);
  const tests = phrases.map((phrase) => createPhraseTest([phrase]));
  return (texts) =>
    runsOf(texts).some((run) => {
      const joined = run.join(" ");
      return run.length > 1 && saysAny(joined) && tests.some((says) => says(joined) && !run.some(says));
    });
}

/** Consecutive known texts. */
function runsOf(texts: readonly (string | undefined)[]): string[][] {
  const runs: string[][] = [[]];
  for (const text of texts) {
    if (text === undefined) runs.push([]);
    else runs.at(-1)!.push(text);
  }
  return runs;
}
