import { CallsignError } from "@callsign/audio/internal";
import { logFactorial } from "./confidence-interval.ts";

/** Result of McNemar's test on two models and the same trials. */
export interface McNemar {
  /** Trials that both models got right. */
  readonly both: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly neither: number;
  /** Two-sided p-value of the hypothesis that neither model is better. */
  readonly pValue: number;
}

/** Exact McNemar test (1947): a sign test on the trials that only one of two models got right. */
export function mcnemar(first: readonly boolean[], second: readonly boolean[]): McNemar {
  if (first.length !== second.length)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `mcnemar: expected the same trials twice, got ${first.length} and ${second.length}`,
    );
  const count = (a: boolean, b: boolean): number =>
    first.filter((hit, i) => hit === a && second[i] === b).length;
  const onlyFirst = count(true, false);
  const onlySecond = count(false, true);
  return {
    both: count(true, true),
    onlyFirst,
    onlySecond,
    neither: count(false, false),
    pValue: signTest(onlyFirst, onlySecond),
  };
}

/** Two-sided exact sign test: probability of a division at least as uneven under a fair coin. 1 for no trials. */
export function signTest(first: number, second: number): number {
  const trials = first + second;
  const fewer = Math.min(first, second);
  let sum = 0;
  for (let k = 0; k <= fewer; k++)
    sum += Math.exp(logFactorial(trials) - logFactorial(k) - logFactorial(trials - k) - trials * Math.LN2);
  return Math.min(1, 2 * sum);
}
