import { createHash } from "node:crypto";

import { CallsignError } from "@callsign/audio/internal";

/** The three splits, in the order reports list them. */
export const SPLITS = ["train", "validation", "test"] as const;

/** Part of the data that a speaker's clips belong to. */
export type Split = (typeof SPLITS)[number];

/** Share of the speakers in each split; together 1. */
export type SplitFractions = Readonly<Record<Split, number>>;

/** 80 % of speakers for training, 10 % for validation, 10 % for testing. */
export const DEFAULT_SPLIT_FRACTIONS: SplitFractions = { train: 0.8, validation: 0.1, test: 0.1 };

/**
 * The split of a speaker or synthetic voice: a hash of its id and the seed, so a speaker is in one split whatever else
 * is in the data, and adding speakers or sources moves no speaker.
 * @throws CallsignError INVALID_ARGUMENT unless the fractions are in 0..1 and sum to 1
 */
export function assignSplit(
  speaker: string,
  { seed, fractions = DEFAULT_SPLIT_FRACTIONS }: { seed: string | number; fractions?: SplitFractions },
): Split {
  checkFractions(fractions);
  const digest = createHash("sha256").update(`callsign-split-1\n${seed}\n${speaker}`, "utf8").digest();
  const position = digest.readUIntBE(0, 6) / 2 ** 48;
  if (position < fractions.train) return "train";
  return position < fractions.train + fractions.validation || fractions.test === 0 ? "validation" : "test";
}

function checkFractions(fractions: SplitFractions): void {
  const values = SPLITS.map((split) => fractions[split]);
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.every((value) => value >= 0 && value <= 1) && Math.abs(sum - 1) <= 1e-9) return;
  const got = SPLITS.map((split, i) => `${split} ${values[i]}`).join(", ");
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `split fractions: expected three numbers in 0..1 that sum to 1, got ${got} (sum ${sum})`,
  );
}
