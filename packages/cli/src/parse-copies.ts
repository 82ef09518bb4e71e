import type { AudioCopy } from "@callsign/infer";
import { InvalidArgumentError } from "commander";

/** Copies with commas between, for an option of commander. */
export function parseCopies(text: string): AudioCopy[] {
  return text.split(",").map((copy) => {
    const [, delay, gainDb = "0"] = /^\s*(\d+)(?:@([+-]?\d+(?:\.\d+)?))?\s*$/.exec(copy) ?? [];
    if (delay === undefined)
      throw new InvalidArgumentError(
        `Expected copies such as 0,256,0@-6 (DELAY or DELAY@GAIN); got "${text}".`,
      );
    return { delay: Number(delay), gainDb: Number(gainDb) };
  });
}

/** As `parseCopies` reads it. */
export const formatCopies = (copies: readonly AudioCopy[]): string =>
  copies.map(({ delay, gainDb }) => (gainDb === 0 ? `${delay}` : `${delay}@${gainDb}`)).join(",");

/** Help of the flag that `parseCopies` reads. */
export const COPIES_HELP =
  "test-time augmentation: the mean score of copies of the audio, each DELAY in samples or DELAY@GAIN in dB, such as 0,256,0@-6 (default: the model card's)";
