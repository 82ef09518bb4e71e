import { CallsignError } from "@callsign/audio/internal";
import { scoreChallenge } from "./score.ts";
import type { ChallengeTruth } from "./truth.ts";
import { precisionOf, recallOf, swapClasses } from "../statistics/confusion.ts";
import type { LabelledRun } from "./labeller.ts";

/** Score of a run with its outgoing audio delayed. */
export interface LookAheadPoint {
  readonly delayMs: number;
  /** Challenge score without the cost of late labels. */
  readonly score: number;
  /** Share of muted samples that are commands; null where nothing is muted. */
  readonly commandPrecision: number | null;
  /** Share of command samples that are muted. */
  readonly commandRecall: number | null;
}

/** Labels of a run after a delay was applied. */
export interface DelayedLabels {
  readonly labels: Uint8Array;
  readonly labelLength: number;
}

/**
 * Labels of a run whose outgoing audio is delayed: every mute begins `delayMs` earlier and ends where it did.
 * @throws CallsignError `INVALID_ARGUMENT` for a delay that is not 0 to 10,000 ms
 */
export function lookAhead(
  { labels, frameLength }: Pick<LabelledRun, "labels" | "frameLength">,
  { delayMs, sampleRateHz }: { readonly delayMs: number; readonly sampleRateHz: number },
): DelayedLabels {
  if (!(delayMs >= 0 && delayMs <= 10_000))
    throw new CallsignError("INVALID_ARGUMENT", `look-ahead: expected 0 to 10,000 ms, got ${delayMs}`);
  const delay = Math.round((delayMs * sampleRateHz) / 1000);
  const labelLength = commonDivisor(frameLength, delay);
  const [each, earlier] = [frameLength / labelLength, delay / labelLength];
  const moved = new Uint8Array(labels.length * each);
  let mutedFrom = Infinity;
  for (let i = moved.length - 1; i >= 0; i--) {
    if (labels[Math.floor(i / each)] === 0) mutedFrom = i;
    moved[i] = mutedFrom - i <= earlier ? 0 : 1;
  }
  return { labels: moved, labelLength };
}

/** Scores at several delays, over the frames from `fromSample` on. @throws CallsignError `INVALID_ARGUMENT` */
export function lookAheadCurve(
  run: LabelledRun,
  truth: ChallengeTruth,
  { delaysMs, fromSample = 0 }: { readonly delaysMs: readonly number[]; readonly fromSample?: number },
): LookAheadPoint[] {
  const firstSample = Math.ceil(fromSample / run.frameLength) * run.frameLength;
  return delaysMs.map((delayMs) => {
    const { labels, labelLength } = lookAhead(run, { delayMs, sampleRateHz: truth.sampleRateHz });
    const judged = { labels: labels.subarray(firstSample / labelLength), labelLength, firstSample };
    const { score, confusion } = scoreChallenge({ ...judged, overrunsMs: null }, truth);
    const command = swapClasses(confusion);
    return { delayMs, score, commandPrecision: precisionOf(command), commandRecall: recallOf(command) };
  });
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
