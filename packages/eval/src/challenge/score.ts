import { CallsignError } from "@callsign/audio/internal";
import type { ChallengeTruth } from "./truth.ts";
import type { Confusion } from "../statistics/confusion.ts";

/** Latency in milliseconds from which a sample costs 1, whatever its label. */
export const SLOW_MS = 20;

/** Highest latency in milliseconds of a valid run. */
export const LATEST_MS = 50;

/** Labels of a clip, or of a part of it. */
export interface ChallengeLabels {
  /** 0 mute (command) or 1 broadcast (communication), for each `labelLength` samples. */
  readonly labels: Uint8Array;
  /** Samples that share a label: the frame's length, or 1. */
  readonly labelLength: number;
  /** Time from emission to label, in milliseconds, for each label; null if the run was not timed. */
  readonly overrunsMs: Float64Array | null;
  /** First sample of the clip that the labels cover. Default 0. */
  readonly firstSample?: number;
}

export interface ChallengeScore {
  /** At most 1 (perfect); can be negative. */
  readonly score: number;
  /** Samples scored. */
  readonly samples: number;
  /** Samples labelled with a latency of `SLOW_MS` or more; null if the run was not timed. */
  readonly slowSamples: number | null;
  /** Counts regardless of latency; positive is communication (label 1), as in the published figures. */
  readonly confusion: Confusion;
}

/**
 * Score of the AAICO February 2024 voice-processing challenge. Labels may cover a part of the clip, which is then scored
 * with the weights of the whole clip. Counts overlaps of intervals instead of single samples.
 * @throws CallsignError `INVALID_ARGUMENT` for labels beyond the clip, none, other than 0 and 1, or a lateness missing
 */
export function scoreChallenge(run: ChallengeLabels, truth: ChallengeTruth): ChallengeScore {
  checkLabels(run, truth);
  const { labels, labelLength, overrunsMs, firstSample = 0 } = run;
  const weights = challengeWeights(truth);
  const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
  let penalty = 0;
  let slowSamples = 0;
  const commandsIn = createOverlapCounter(truth);
  for (const [i, label] of labels.entries()) {
    const from = firstSample + i * labelLength;
    const command = commandsIn(from, from + labelLength);
    const communication = labelLength - command;
    if (label === 1) {
      counts.truePositives += communication;
      counts.falsePositives += command;
    } else {
      counts.trueNegatives += command;
      counts.falseNegatives += communication;
    }
    if (overrunsMs !== null && overrunsMs[i]! >= SLOW_MS) {
      slowSamples += labelLength;
      penalty += labelLength;
    } else if (label === 1) penalty += command * weights.command;
    else penalty += communication * weights.communication;
  }
  const samples = labels.length * labelLength;
  return {
    score: (samples - penalty) / samples,
    samples,
    slowSamples: overrunsMs === null ? null : slowSamples,
    confusion: counts,
  };
}

/** Cost of one wrong sample of each kind. */
export function challengeWeights({ commands, numSamples }: ChallengeTruth): {
  readonly command: number;
  readonly communication: number;
} {
  // The scoring notebook counts end - start here, though it scores both ends.
  const commandSamples = commands.reduce(
    (sum, { startSample, endSample }) => sum + endSample - startSample,
    0,
  );
  // The notebook's own divisions: n / commandSamples could round differently.
  const commandRatio = commandSamples / numSamples;
  return { command: Math.floor(1 / commandRatio), communication: Math.floor(1 / (1 - commandRatio)) };
}

/** Counter of command samples in [from, to); calls must be in order of time. */
function createOverlapCounter({ commands }: ChallengeTruth): (from: number, to: number) => number {
  let first = 0;
  return (from, to) => {
    while (first < commands.length && commands[first]!.endSample < from) first++;
    let count = 0;
    for (let i = first; i < commands.length && commands[i]!.startSample < to; i++)
      count += Math.min(to, commands[i]!.endSample + 1) - Math.max(from, commands[i]!.startSample);
    return count;
  };
}

function checkLabels(
  { labels, labelLength, overrunsMs, firstSample = 0 }: ChallengeLabels,
  truth: ChallengeTruth,
): void {
  const refuse = (problem: string): never => {
    throw new CallsignError("INVALID_ARGUMENT", `challenge score: ${problem}`);
  };
  if (labels.length === 0) refuse("expected at least one label, got none");
  if (!(Number.isInteger(labelLength) && labelLength >= 1))
    refuse(`labelLength must be a whole number of 1 or more, got ${labelLength}`);
  if (!(Number.isInteger(firstSample) && firstSample >= 0))
    refuse(`firstSample must be a whole number of 0 or more, got ${firstSample}`);
  if (firstSample + labels.length * labelLength > truth.numSamples)
    refuse(
      `${labels.length} labels of ${labelLength} samples from ${firstSample} on reach beyond the clip's ${truth.numSamples}`,
    );
  const strange = labels.findIndex((label) => label > 1);
  if (strange >= 0) refuse(`labels are 0 or 1, got ${labels[strange]} at ${strange}`);
  if (overrunsMs !== null && overrunsMs.length !== labels.length)
    refuse(`expected one overrun a label, got ${overrunsMs.length} for ${labels.length} labels`);
}
