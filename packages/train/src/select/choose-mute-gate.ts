import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { sigmoid, toLogit } from "@callsign/eval/internal";
import { MuteGate, type MuteGatePolicy, DEFAULT_MUTE_GATE } from "@callsign/infer/internal";
import { IGNORED, NEGATIVE } from "@callsign/data/internal";
import type { ShardTable } from "../shards/shard-table.ts";
import type { CostOptions } from "./expected-cost.ts";

/** Validation audio as a gate hears it: every label's scores, window by window. */
export interface GateStream {
  /** `[windows, labels]`, 0 to 1. */
  readonly scores: Float64Array;
  /** What each window is: of a phrase (a label's number), `NEGATIVE` or `IGNORED`. */
  readonly outcome: Int32Array;
  /** 1 where a phrase has just been said, so that a gate held shut costs there. */
  readonly isNear: Uint8Array;
  /** 1 where a stretch begins: nothing is remembered across. */
  readonly begins: Uint8Array;
  readonly labels: number;
  /** Samples from one window to the next. */
  readonly hopLength: number;
}

/** A gate's settings and what they cost. */
export interface ChosenGate {
  readonly policy: MuteGatePolicy;
  readonly thresholds: readonly number[];
  /** Expected, in needless mutes a window. */
  readonly cost: number;
}

/** Lays scored shards end to end; those whose windows do not follow each other are left out. */
export function gateStream(
  scored: readonly { readonly table: ShardTable; readonly logits: Float32Array }[],
  {
    isStream,
    ...sizes
  }: Pick<GateStream, "labels" | "hopLength"> & { readonly isStream: (table: ShardTable) => boolean },
): GateStream {
  const streams = scored.filter(({ table }) => isStream(table));
  const length = streams.reduce((sum, { table }) => sum + table.outcome.length, 0);
  const scores = new Float64Array(length * sizes.labels);
  const outcome = new Int32Array(length);
  const isNear = new Uint8Array(length);
  const begins = new Uint8Array(length);
  let place = 0;
  for (const { table, logits } of streams) {
    scores.set(Float64Array.from(logits, sigmoid), place * sizes.labels);
    for (let i = 0; i < table.outcome.length; i++, place++) {
      outcome[place] = table.outcome[i]!;
      isNear[place] = table.label[i]! >= 0 ? 1 : 0;
      begins[place] = i === 0 || table.clip[i] !== table.clip[i - 1] ? 1 : 0;
    }
  }
  return { scores, outcome, isNear, begins, ...sizes };
}

/** Holds and releases tried, and shifts of all thresholds on the logit scale. */
const HOLDS = [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4];
const RELEASES = [1, 0.5, 0.2];
const SHIFTS = [-1.5, -1, -0.5, 0, 0.5, 1, 1.5];

/** The gate of least expected cost around thresholds that are right window by window. The plainest of equal ones. */
export function chooseGate(
  stream: GateStream,
  { thresholds, costs }: { readonly thresholds: readonly number[]; readonly costs: CostOptions },
): ChosenGate {
  let best: ChosenGate | undefined;
  for (const shift of SHIFTS)
    for (const release of RELEASES)
      for (const holdSeconds of HOLDS) {
        const policy = { ...DEFAULT_MUTE_GATE, release, holdSeconds };
        const shifted = thresholds.map((threshold) => shiftLogit(threshold, shift));
        const cost = gateCost(stream, { policy, thresholds: shifted, costs });
        if (best === undefined || cost < best.cost - 1e-12) best = { policy, thresholds: shifted, cost };
      }
  return best!;
}

/**
 * Expected cost a window: of the time that is phrase, what is let through of it and what is muted after it; of the rest,
 * what is muted. Validation audio is full of phrases, so what follows one counts by the phrase, not by the second.
 */
export function gateCost(
  { scores, outcome, isNear, begins, labels, hopLength }: GateStream,
  options: {
    readonly policy: MuteGatePolicy;
    readonly thresholds: readonly number[];
    readonly costs: CostOptions;
  },
): number {
  const { policy, thresholds, costs } = options;
  const names = Array.from({ length: labels }, (_, label) => String(label));
  const gate = new MuteGate(names, { ...policy, thresholds });
  const hopMs = (hopLength * 1000) / SAMPLE_RATE_HZ;
  const count = { phrase: 0, missed: 0, mutedNear: 0, far: 0, mutedFar: 0 };
  for (let i = 0; i < outcome.length; i++) {
    if (begins[i] === 1) gate.reset();
    const { muted } = gate.step(scores.subarray(i * labels, (i + 1) * labels), i * hopMs);
    if (outcome[i] === IGNORED) continue;
    if (outcome[i] !== NEGATIVE) {
      count.phrase++;
      if (!muted) count.missed++;
    } else if (isNear[i] === 1) {
      if (muted) count.mutedNear++;
    } else {
      count.far++;
      if (muted) count.mutedFar++;
    }
  }
  const { missedCost, phraseShare } = costs;
  const ofPhrases = (missedCost * count.missed + count.mutedNear) / Math.max(1, count.phrase);
  return phraseShare * ofPhrases + ((1 - phraseShare) * count.mutedFar) / Math.max(1, count.far);
}

function shiftLogit(threshold: number, shift: number): number {
  const bounded = Math.min(Math.max(threshold, 1e-6), 1 - 1e-6);
  return sigmoid(toLogit(bounded) + shift);
}
