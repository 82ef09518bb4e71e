import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Detector, Progress } from "@callsign/infer/internal";
import { bootstrapMean } from "../statistics/bootstrap.ts";
import { evaluateChallenge } from "../challenge/evaluation.ts";
import { scoreChallenge } from "../challenge/score.ts";
import type { ChallengeTruth } from "../challenge/truth.ts";
import type { Interval } from "../statistics/confidence-interval.ts";
import { type Confusion, precisionOf, recallOf, swapClasses } from "../statistics/confusion.ts";
import { createDetectorLabeller } from "../challenge/detector-labeller.ts";
import { type LookAheadPoint, lookAheadCurve } from "../challenge/look-ahead.ts";
import { commandOutcomes, mutedSpans } from "../challenge/spans.ts";

/** A recording with its truth, read on demand. */
export interface ChallengeClip {
  readonly name: string;
  readonly read: () => Promise<{ readonly samples: Float32Array; readonly truth: ChallengeTruth }>;
}

/** Result of a model on one clip. */
export interface ClipResult {
  readonly clip: string;
  readonly score: number;
  /** Confusion matrix in samples; positive is communication. */
  readonly confusion: Confusion;
  readonly commands: readonly { readonly text: string; readonly mutedShare: number }[];
  readonly lookAhead: readonly LookAheadPoint[];
}

/** Results of a model over all clips. */
export interface ClipsSummary {
  readonly clips: number;
  readonly minutes: number;
  /** Mean challenge score over clips; `interval` is its 95 % bootstrap interval. */
  readonly score: number;
  readonly interval: Interval;
  /** Seconds muted outside commands, per minute of audio. */
  readonly needlessSecondsPerMinute: number;
  /** Precision and recall of commands (label 0), over the samples of all clips. */
  readonly commandPrecision: number | null;
  readonly commandRecall: number | null;
  /** By text: number of commands, mean share muted, and number not muted at all. */
  readonly commands: Readonly<
    Record<string, { readonly count: number; readonly mutedShare: number; readonly missed: number }>
  >;
  /** Mean score by delay of the outgoing audio. */
  readonly lookAhead: readonly (Pick<LookAheadPoint, "delayMs" | "score"> & {
    readonly interval: Interval;
  })[];
}

/**
 * Runs a detector over clips, reset before each, and scores each by the challenge's rules with the clip's own weights.
 * @throws CallsignError the codes of `evaluateChallenge`
 */
export async function* evaluateClips(
  clips: readonly ChallengeClip[],
  options: {
    readonly detector: Detector;
    readonly delaysMs?: readonly number[];
    readonly signal?: AbortSignal;
  },
): AsyncGenerator<Progress, ClipResult[]> {
  const { detector, delaysMs = [], signal } = options;
  const results: ClipResult[] = [];
  for (const [done, { name, read }] of clips.entries()) {
    yield { stage: detector.card.name, done, total: clips.length, unit: "clips" };
    const { samples, truth } = await read();
    await detector.reset();
    const labeller = createDetectorLabeller(detector);
    const { run } = await evaluateChallenge({
      samples,
      truth,
      truthName: name,
      labeller,
      mode: "offline",
      ...(signal && { signal }),
    });
    const { labels, frameLength } = run;
    const scored = scoreChallenge({ labels, labelLength: frameLength, overrunsMs: null }, truth);
    const muted = mutedSpans(labels, frameLength);
    const outcomes = commandOutcomes(truth.commands, { muted, samples: scored.samples });
    results.push({
      clip: name,
      score: scored.score,
      confusion: scored.confusion,
      commands: outcomes.map(({ command, mutedShare }) => ({ text: command.text ?? "command", mutedShare })),
      lookAhead: lookAheadCurve(run, truth, { delaysMs }),
    });
  }
  return results;
}

/** Summary over clips. @throws CallsignError `INVALID_ARGUMENT` for no clips */
export function summarizeClips(results: readonly ClipResult[]): ClipsSummary {
  const scores = results.map(({ score }) => score);
  const confusion = sumConfusions(results);
  const command = swapClasses(confusion);
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion;
  const minutes = (truePositives + falsePositives + falseNegatives + trueNegatives) / SAMPLES_A_MINUTE;
  const byText = new Map<string, number[]>();
  for (const { text, mutedShare } of results.flatMap(({ commands }) => commands))
    byText.set(text, [...(byText.get(text) ?? []), mutedShare]);
  const delays = results[0]?.lookAhead.map(({ delayMs }) => delayMs) ?? [];
  return {
    clips: results.length,
    minutes,
    score: mean(scores),
    interval: bootstrapMean(scores),
    needlessSecondsPerMinute: (60 * falseNegatives) / SAMPLES_A_MINUTE / minutes,
    commandPrecision: precisionOf(command),
    commandRecall: recallOf(command),
    commands: Object.fromEntries(
      [...byText].map(([text, shares]) => {
        const missed = shares.filter((share) => share === 0).length;
        return [text, { count: shares.length, mutedShare: mean(shares), missed }];
      }),
    ),
    lookAhead: delays.map((delayMs, i) => {
      const delayed = results.map(({ lookAhead }) => lookAhead[i]!.score);
      return { delayMs, score: mean(delayed), interval: bootstrapMean(delayed) };
    }),
  };
}

const SAMPLES_A_MINUTE = 60 * SAMPLE_RATE_HZ;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const sumConfusions = (results: readonly ClipResult[]): Confusion =>
  results.reduce(
    (sum, { confusion: c }) => ({
      truePositives: sum.truePositives + c.truePositives,
      falsePositives: sum.falsePositives + c.falsePositives,
      falseNegatives: sum.falseNegatives + c.falseNegatives,
      trueNegatives: sum.trueNegatives + c.trueNegatives,
    }),
    { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 },
  );
