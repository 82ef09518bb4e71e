import { createHash } from "node:crypto";

/** Splits of the clips of a build, in the order reports list them. */
export const SPLITS = ["train", "validation"] as const;

/** Part of the data that a clip belongs to. */
export type Split = (typeof SPLITS)[number];

/** Split of a synthetic voice. A build does not use the voices of `test`, which are for `eval conversation`. */
export type VoiceSplit = Split | "test";

/** Share of the synthetic voices in each split; together 1. */
export type VoiceShares = Readonly<Record<VoiceSplit, number>>;

/** 80 % of voices and texts for training, 20 % for validation; a quarter of people, whose speech thresholds are chosen on. */
export const DEFAULT_SPLITS = { train: 0.8, validation: 0.2, test: 0, people: 0.25 } as const;

/** Shares of synthetic voices only: `people` is left out, so that changing it does not change synthesized clips. */
export const voiceShares = ({ train, validation, test }: VoiceShares): VoiceShares => ({
  train,
  validation,
  test,
});

/** Shares of train and validation, scaled to sum to 1 without `test`. */
export function buildShares({
  train,
  validation,
}: Pick<VoiceShares, Split>): Readonly<Record<Split, number>> {
  const share = validation / (train + validation);
  return { train: 1 - share, validation: share };
}

/**
 * Divides values among splits, ordered by a hash of the seed and each value, so that an added value changes the split of few
 * others. Every split with a share above 0 gets at least one value if there are enough. Shares are rounded down; the first
 * such split gets the rest, and always the first value.
 */
export function partition<Name extends string>(
  values: Iterable<string>,
  { seed, shares }: { readonly seed: string | number; readonly shares: Readonly<Record<Name, number>> },
): ReadonlyMap<string, Name> {
  const [first, ...others] = new Set(values);
  if (first === undefined) return new Map();
  const order = [first, ...sortedByHash(others, seed)];
  const wanted = (Object.entries(shares) as [Name, number][]).filter(([, share]) => share > 0);
  const parts = new Map<string, Name>(order.map((value) => [value, wanted[0]![0]]));
  let left = order.length;
  for (const [name, share] of wanted.slice(1)) {
    const count = Math.min(left - 1, Math.max(1, Math.floor(share * order.length + 1e-9)));
    for (const value of order.slice(left - count, left)) parts.set(value, name);
    left -= count;
  }
  return parts;
}

function sortedByHash(values: readonly string[], seed: string | number): string[] {
  const hash = (value: string): string =>
    createHash("sha256").update(`callsign-split-2\n${seed}\n${value}`, "utf8").digest("hex");
  return values
    .map((value) => ({ value, key: hash(value) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ value }) => value);
}
