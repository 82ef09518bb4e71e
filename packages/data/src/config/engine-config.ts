import * as z from "zod";

/** Weight with which the engine is drawn. */
const weight = z.number().min(0).max(1e6).default(1);

/** Lowest and highest value drawn. */
const range = (low: number, high: number, most: number) =>
  z
    .tuple([z.number().min(0).max(most), z.number().min(0).max(most)])
    .refine(([from, to]) => from <= to, "expected the lower end of the range first")
    .default([low, high]);

const flite = z.strictObject({ kind: z.literal("flite"), weight });

const espeak = z.strictObject({
  kind: z.literal("espeak"),
  weight,
  /** `auto`: the package where it is installed, else the program. */
  backend: z.enum(["auto", "package", "program"]).default("auto"),
  /** The program's name or path. */
  command: z.string().min(1).default("espeak-ng"),
  /** Time limit of the program for a clip. */
  timeoutSeconds: z.number().positive().max(3600).default(30),
});

const pico = z.strictObject({
  kind: z.literal("pico"),
  weight,
  /** Folder with the language files. Default: CALLSIGN_ASSETS, the cache, or a download. */
  model: z.string().min(1).optional(),
});

const gnuspeech = z.strictObject({ kind: z.literal("gnuspeech"), weight });

const vits = z.strictObject({
  kind: z.literal("vits"),
  weight,
  /** A folder, or a model on the hub. Published models trained with csukuangfj/vits-vctk, 109 speakers. */
  model: z.string().min(1),
  /** Branch, tag or commit on the hub. */
  revision: z.string().min(1).default("main"),
  /** Licence of the weights, for the data card. */
  licence: z.string().min(1).optional(),
  /** VITS's own is 0.667; around it speech stays clean. */
  noiseScale: range(0.4, 0.85, 1.55),
  /** VITS's own is 0.8. */
  noiseScaleW: range(0.5, 1, 1.55),
  /** Above 1 is slower. */
  lengthScale: range(0.8, 1.35, 4),
});

const waveglow = z.strictObject({
  kind: z.literal("waveglow"),
  weight,
  /** Folder with encoder.onnx, decoder_iter.onnx, postnet.onnx and waveglow.onnx. */
  model: z.string().min(1),
  licence: z.string().min(1).optional(),
  /** Standard deviation of the noise; WaveGlow is spoken with 0.6 (its paper and export) to 0.9. */
  sigma: range(0.6, 0.9, 2),
});

/** Config of a speech engine; `kind` says which. */
export const engineConfig = z.discriminatedUnion("kind", [flite, espeak, pico, gnuspeech, vits, waveglow]);

/** Config of a speech engine, every field filled in. */
export type EngineConfig = z.output<typeof engineConfig>;
