import type { AudioVariant } from "@callsign/infer/internal";
import { InvalidArgumentError } from "commander";

/** Reads variants of the audio separated by commas, each DELAY or DELAY@GAIN. */
export function parseCopies(text: string): AudioVariant[] {
  return text.split(",").map((copy) => {
    const [, delay, gainDb = "0"] = /^\s*(\d+)(?:@([+-]?\d+(?:\.\d+)?))?\s*$/.exec(copy) ?? [];
    if (delay === undefined)
      throw new InvalidArgumentError(
        `Expected copies such as 0,256,0@-6 (DELAY or DELAY@GAIN); got "${text}".`,
      );
    return { delay: Number(delay), gainDb: Number(gainDb) };
  });
}

/** Formats variants as `parseCopies` reads them. */
export const formatCopies = (copies: readonly AudioVariant[]): string =>
  copies.map(({ delay, gainDb }) => (gainDb === 0 ? `${delay}` : `${delay}@${gainDb}`)).join(",");

/** Help of `--tta`. */
export const COPIES_HELP =
  "test-time augmentation: average the scores of copies of the audio, each DELAY in samples or DELAY@GAIN in dB, such as 0,256,0@-6 (default: the model card's)";
