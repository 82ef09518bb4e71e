import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { sigmoid, toLogit } from "@callsign/eval/internal";
import { MuteGate, type MuteGatePolicy, DEFAULT_MUTE_GATE } from "@callsign/infer/internal";
import { IGNORED, NEGATIVE } from "@callsign/data/internal";
import type { ShardTable } from "../shards/shard-table.ts";
import type { CostOptions } from "./expected-cost.ts";

/** Scores of all labels over the validation audio, window by window. */
export interface GateStream {
  /** `[windows, labels]`, 0 to 1. */
  readonly scores: Float64Array;
  /** Index of each window's label, `NEGATIVE` or `IGNORED`. */
  readonly outcome: Int32Array;
  /** 1 for windows near a phrase. */
  readonly isNear: Uint8Array;
  /** 1 at the first window of a clip, where the gate is reset. */
  readonly begins: Uint8Array;
  readonly labels: number;
  /** Samples from one window to the next. */
  readonly hopLength: number;
}

/** Settings of a mute gate and their expected cost. */
export interface ChosenGate {
  readonly policy: MuteGatePolicy;
  readonly thresholds: readonly number[];
  /** Expected cost per window; a needless mute costs 1. */
  readonly cost: number;
}

/** Concatenates the scored shards accepted by `isStream`, those with consecutive windows. */
export function gateStream(
  scored: readonly { readonly table: ShardTable; readonly logits: Float32Array }[],
  {
    isStream,
    ...sizes
  }: Pick<GateStream, "labels" | "hopLength"> & { readonly isStream: (table: ShardTable) => boolean },
): GateStream {
  const streams = scored.filter(({ table }) => isStream(table));
  const length = streams.reduce((sum, { table }) => sum + table.windows.length, 0);
  const scores = new Float64Array(length * sizes.labels);
  const outcome = new Int32Array(length);
  const isNear = new Uint8Array(length);
  const begins = new Uint8Array(length);
  let place = 0;
  for (const { table, logits } of streams) {
    scores.set(Float64Array.from(logits, sigmoid), place * sizes.labels);
    const columns = table.windows.columns();
    for (let i = 0; i < table.windows.length; i++, place++) {
      outcome[place] = columns.outcome[i]!;
      isNear[place] = columns.label[i]! >= 0 ? 1 : 0;
      begins[place] = i === 0 || columns.clip[i] !== columns.clip[i - 1] ? 1 : 0;
    }
  }
  return { scores, outcome, isNear, begins, ...sizes };
}

/** Hold times, release factors and threshold shifts (in logits) to try. */
const HOLDS = [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4];
const RELEASES = [1, 0.5, 0.2];
const SHIFTS = [-1.5, -1, -0.5, 0, 0.5, 1, 1.5];

/** Searches the mute gate of least expected cost around the given thresholds. The first, simplest one of equal cost is taken. */
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
 * Expected cost per window of a mute gate: phrase windows that are not muted, and other windows that are. Muting after a
 * phrase is averaged per phrase, because validation has many more phrases per hour than real use.
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
