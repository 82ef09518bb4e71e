import { createRandom, type Random } from "@callsign/data/internal";
import { CONFIDENCE, type Interval } from "../statistics/confidence-interval.ts";
import { percentile } from "../statistics/percentile.ts";
import type { ThresholdSweep } from "./det-curve.ts";

/** A recording that is resampled. */
export interface ResampledRecording {
  /** Recordings of one group are drawn together: those of one speaker, or one file. */
  readonly group: string;
  readonly seconds: number;
}

export interface ResampleOptions {
  /** In the order of the sweep's positives. */
  readonly positives: readonly ResampledRecording[];
  /** In the order of the sweep's negatives. */
  readonly negatives: readonly ResampledRecording[];
  /** False accepts per hour allowed, in ascending order. */
  readonly rates: readonly number[];
}

/**
 * Bootstrap (Efron 1979) of the miss rate at allowed rates of false accepts: every draw takes as many groups of positives
 * and of negatives as there are, with replacement, and chooses the threshold again, so that the spread includes that choice.
 * Returns 1,000 miss rates for each rate; the draws are the same for the same recordings, so that those of two models
 * are paired.
 */
export function resampleMissRates(sweep: ThresholdSweep, options: ResampleOptions): Float64Array[] {
  const { positives, negatives, rates } = options;
  const random = createRandom("resample");
  // Seeded by the first group, so that the draws of two words are independent even with equal numbers of speakers.
  const word = groupsOf(positives, random.fork(`positives ${positives[0]?.group}`));
  const other = groupsOf(negatives, random.fork("negatives"));
  const missRates = rates.map(() => new Float64Array(DRAWS));
  for (let draw = 0; draw < DRAWS; draw++) {
    word.draw();
    other.draw();
    const count = word.recordings();
    const hours = other.seconds() / 3600;
    const best = fewestMisses(sweep, {
      count,
      allowed: rates.map((rate) => rate * hours),
      weightOf: ({ isPositive, index }) => (isPositive ? word : other).weightOf(index),
    });
    for (const [i, misses] of best.entries()) missRates[i]![draw] = misses / count;
  }
  return missRates;
}

/** 95 % percentile interval of resampled values. */
export function resampledInterval(values: Float64Array): Interval {
  const tail = (100 * (1 - CONFIDENCE)) / 2;
  return { low: percentile(values, tail), high: percentile(values, 100 - tail) };
}

const DRAWS = 1000;

/** Fewest misses above the first threshold with too many false accepts, for each number of false accepts allowed. */
function fewestMisses(
  { changes }: ThresholdSweep,
  options: {
    readonly count: number;
    readonly allowed: readonly number[];
    readonly weightOf: (change: ThresholdSweep["changes"][number]) => number;
  },
): number[] {
  const { count, allowed, weightOf } = options;
  const found: number[] = [];
  let misses = count;
  let falseAccepts = 0;
  let best = misses;
  for (const [i, change] of changes.entries()) {
    const weight = weightOf(change);
    misses += weight * change.misses;
    falseAccepts += weight * change.falseAccepts;
    if (changes[i + 1]?.threshold === change.threshold) continue;
    while (found.length < allowed.length && falseAccepts > allowed[found.length]!) found.push(best);
    if (found.length === allowed.length) return found;
    best = Math.min(best, misses);
  }
  return [...found, ...allowed.slice(found.length).map(() => best)];
}

/** Groups of recordings, and how often the current draw took each. */
function groupsOf(recordings: readonly ResampledRecording[], random: Random) {
  const indices = new Map<string, number>();
  const groups: { recordings: number; seconds: number }[] = [];
  const own = recordings.map(({ group, seconds }) => {
    const index = indices.get(group) ?? groups.length;
    indices.set(group, index);
    groups[index] ??= { recordings: 0, seconds: 0 };
    groups[index].recordings++;
    groups[index].seconds += seconds;
    return index;
  });
  const weights = new Float64Array(groups.length);
  const sum = (key: "recordings" | "seconds"): number =>
    groups.reduce((total, group, i) => total + weights[i]! * group[key], 0);
  return {
    draw(): void {
      weights.fill(0);
      for (let i = 0; i < groups.length; i++) weights[random.integer(0, groups.length - 1)]!++;
    },
    weightOf: (index: number): number => weights[own[index]!]!,
    recordings: (): number => sum("recordings"),
    seconds: (): number => sum("seconds"),
  };
}
