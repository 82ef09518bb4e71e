import { createPhraseTest } from "./contains-phrase.ts";

/**
 * Creates a test of whether texts spoken one after another contain a phrase that none of them contains alone: "galactic" and
 * "temperature now" contain "galactic temperature". An unknown text separates those around it.
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
