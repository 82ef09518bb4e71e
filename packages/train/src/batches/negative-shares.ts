import type { TrainConfig } from "../config/config-train.ts";

/** A kind of negatives in `train.batch.shares`. */
export type NegativeGroup = keyof TrainConfig["batch"]["shares"];

/** Kinds of shards in each group; negative windows of positive clips, before and after the phrase, are `around`. */
const KINDS: Readonly<Record<NegativeGroup, readonly string[]>> = {
  nearMiss: ["near-miss", "swapped"],
  partial: ["partial"],
  people: ["corpus", "recording"],
  synthetic: ["sentence", "random-words", "foreign"],
  noise: ["noise"],
  scenes: ["scene"],
  own: ["user"],
  around: ["positive"],
};

/** Names of the groups, in the order of a batch. */
export const NEGATIVE_GROUPS = Object.keys(KINDS) as NegativeGroup[];

const GROUP_OF: ReadonlyMap<string, NegativeGroup> = new Map(
  NEGATIVE_GROUPS.flatMap((group) => KINDS[group].map((kind) => [kind, group])),
);

/** Group of the negative windows of a shard; shards of unknown kinds are synthetic talk. */
export const negativeGroupOf = (kind: string): NegativeGroup => GROUP_OF.get(kind) ?? "synthetic";

/** The golden ratio's fraction, whose multiples spread evenly over 0 to 1 (Weyl 1916). */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Divides the `size` windows of a step in proportion to weights, exactly `size` in total. The remainder of rounding is
 * divided by systematic sampling with an offset that changes with the step, so that every share is exact over many steps and
 * a share of less than one window per batch is in some batches.
 */
export function divideBatch(
  weights: readonly number[],
  { size, step }: { readonly size: number; readonly step: number },
): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (size * weight) / total);
  const counts = exact.map(Math.floor);
  const place = (step * GOLDEN) % 1;
  let left = size - counts.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  for (const [i, value] of exact.entries()) {
    const before = sum;
    sum += value - counts[i]!;
    // Floating-point errors may leave one over, which goes to the last part.
    const isDue = Math.floor(sum + place) > Math.floor(before + place);
    if (left > 0 && isDue) {
      counts[i]!++;
      left--;
    }
  }
  if (left > 0) counts[exact.findLastIndex((value) => value > 0)]! += left;
  return counts;
}
