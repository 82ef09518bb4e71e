import { createHash } from "node:crypto";

import { toInt16 } from "@callsign/audio/internal";

/** Figures of the published solution's detector on the challenge clip (from its notebook; reproduced with PyTorch and Python onnxruntime). */
export interface PublishedFigures {
  readonly samples: number;
  readonly score: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly commandPrecision: number;
  readonly commandRecall: number;
}

/** The whole clip. Command figures: counted in Python from the published scores at threshold 0.27. */
const WHOLE: PublishedFigures = {
  samples: 964_096,
  score: 0.5996031515533723,
  accuracy: 0.9666537357275624,
  precision: 0.9773880700778643,
  recall: 0.9875610942022384,
  commandPrecision: 0.7395909926470589,
  commandRecall: 0.6072675131596325,
};

/** First 32 s of the clip, on which the published model was also trained. */
const PREFIX: PublishedFigures = {
  samples: 512_000,
  score: 0.45794140625,
  accuracy: 0.96103515625,
  precision: 0.9687169661733616,
  recall: 0.9898775944202296,
  commandPrecision: 0.8264612268518519,
  commandRecall: 0.6012841429398452,
};

/** sha256 of the clip's int16 samples, little-endian. */
const CLIP_SHA256 = "2d4256f3789cc2cf54bf168c46f0801561a8cb753e8c89774db15d662b04d432";

/** Published figures for this number of scored samples; those of the whole clip if there are none. */
export const publishedFiguresFor = (samplesScored: number): PublishedFigures =>
  samplesScored === PREFIX.samples ? PREFIX : WHOLE;

/** Whether the samples (in -1..1) are exactly the challenge clip, so that published figures are comparable. */
export function isPublishedClip(samples: Float32Array): boolean {
  return samples.length === WHOLE.samples && hashPcm(samples) === CLIP_SHA256;
}

/** sha256 of samples as int16, little-endian: the same for every lossless file of the same recording. */
export function hashPcm(samples: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(samples.length * 2));
  for (const [i, sample] of toInt16(samples).entries()) bytes.setInt16(i * 2, sample, true);
  return createHash("sha256").update(bytes).digest("hex");
}
