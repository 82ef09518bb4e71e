import * as z from "zod";

import { augmentConfigSchema } from "./augment-config.ts";
import { impulseResponsesConfig } from "../sources/impulse-responses.ts";
import { noiseConfig } from "../sources/noise.ts";
import { sourceConfig } from "../sources/create-source.ts";
import { featuresConfig } from "../sources/features.ts";
import { LABELLING_SECONDS } from "../labelling/label-policy.ts";
import { DEFAULT_SPLITS, SPLITS } from "../split.ts";
import { engineConfig } from "./engine-config.ts";

const clips = (count: number, what: string) => z.int().min(0).max(1_000_000).default(count).describe(what);
const share = (value: number, what: string) => z.number().min(0).max(1).default(value).describe(what);
const copies = (count: number) =>
  z.int().min(0).max(1000).default(count).describe("Augmented copies per clip.");

const positives = z.strictObject({
  clipsPerPhrase: clips(200, "Synthesized clips per phrase."),
  copies: copies(4),
});

const negatives = z.strictObject({
  sentences: z
    .strictObject({ clips: clips(300, "Clips of everyday sentences, in the voices of the positives.") })
    .prefault({}),
  nearMisses: z
    .strictObject({
      clips: clips(150, "Clips of texts that sound nearly like a phrase."),
      textsPerPhrase: z.int().min(1).max(1000).default(50).describe("Different texts per phrase."),
    })
    .prefault({}),
  partial: z
    .strictObject({
      clips: clips(60, "Clips of parts of a phrase; phrases of one word have none."),
      textsPerPhrase: z
        .int()
        .min(1)
        .max(100)
        .default(12)
        .describe("Largest number of different parts per phrase."),
    })
    .prefault({}),
  swapped: z
    .strictObject({ clips: clips(0, "Clips of phrases with their words swapped between them.") })
    .prefault({}),
  randomWords: z.strictObject({ clips: clips(0, "Clips of random words.") }).prefault({}),
  foreign: z
    .strictObject({
      clips: clips(0, "Clips of words and numbers read by espeak's voices of other languages."),
    })
    .prefault({}),
  own: z.array(z.string().min(1).max(500)).max(10_000).default([]).describe("Texts of your own."),
  clipsPerOwn: z.int().min(1).max(10_000).default(4).describe("Clips per text of your own."),
  copies: copies(1),
});

const corpus = z.strictObject({
  source: z
    .discriminatedUnion("kind", [...sourceConfig.options, featuresConfig])
    .describe(
      "Recordings to read: kind folder, clip or common-voice; or precomputed features: kind features.",
    ),
  role: z
    .enum(["auto", "negative", "labelled"])
    .default("auto")
    .describe(
      "`labelled`: clips whose label is one of the detector's are positives. `negative`: none is. `auto`: labelled for kind clip, else negative; a negative corpus whose labels or file names contain a phrase is refused.",
    ),
  split: z
    .enum(["auto", ...SPLITS])
    .default("auto")
    .describe(
      "`auto`: by speaker, or by file if speakers are not known; a corpus of one speaker or file is entirely in train.",
    ),
  clean: z.boolean().default(true).describe("Also use every clip unchanged."),
  copies: copies(0),
});

const scenes = z.strictObject({
  count: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(200)
    .describe("Scenes (several seconds of talk with phrases in it), over all splits."),
  seconds: z.number().min(2).max(120).default(10).describe("Length of a scene, in seconds."),
  commandShare: share(0.35, "Probability that an utterance of a scene is a phrase."),
});

const slidingWindows = z.strictObject({
  perCopy: z.int().min(1).max(1000).default(12).describe("Windows drawn per copy of a positive."),
  fromHeard: share(0, "Share of the phrase that has been heard when a window of a positive ends, at least."),
  afterSeconds: z
    .number()
    .min(0)
    .max(10)
    .default(LABELLING_SECONDS.drawnAfter)
    .describe("Time from the end of the phrase to the end of a window of a positive, at most, in seconds."),
  stepLength: z
    .int()
    .min(1)
    .max(160_000)
    .default(768)
    .describe(
      "Samples from one window to the next in all other audio of the train split; validation uses `windowing.hopLength`.",
    ),
});

const splits = z.strictObject({
  train: share(DEFAULT_SPLITS.train, "Share of synthetic voices, texts and noises used for training."),
  validation: share(DEFAULT_SPLITS.validation, "Share of the same used to choose epochs and threshold."),
  test: z
    .number()
    .min(0)
    .max(0.9)
    .default(DEFAULT_SPLITS.test)
    .describe("Share of synthetic voices that the build does not use, for `eval conversation`."),
  people: share(
    DEFAULT_SPLITS.people,
    "Share of the speakers (or files) of each corpus in validation; the rest is in train.",
  ),
});

/** The section `data` of a detector's config. */
export const dataSectionSchema = z.strictObject({
  positives: positives.prefault({}),
  negatives: negatives.prefault({}),
  engines: z
    .array(engineConfig)
    .min(1)
    .prefault([{ kind: "flite" }, { kind: "espeak" }])
    .describe("Speech engines, with weights."),
  mostRejectedShare: share(
    0.3,
    "Share of synthesized draws that the quality check may reject before the build fails.",
  ),
  mostAttempts: z.int().min(1).max(100).default(10).describe("Draws per clip before the build fails."),
  corpora: z.array(corpus).max(100).default([]).describe("Recordings of people."),
  noise: z
    .array(
      z.strictObject({
        source: noiseConfig.omit({ kind: true }),
        clean: z.boolean().default(true),
        copies: copies(0),
      }),
    )
    .max(100)
    .default([])
    .describe("Recordings without words: mixed with speech, and used as negatives."),
  impulseResponses: z
    .array(impulseResponsesConfig.omit({ kind: true }))
    .max(100)
    .default([])
    .describe("Impulse responses of measured rooms; synthetic rooms are used as well."),
  augmentation: augmentConfigSchema.prefault({}).describe("Augmentation of copies."),
  scenes: scenes.prefault({}),
  afterSeconds: z
    .number()
    .min(0)
    .max(5)
    .optional()
    .describe(
      "Time after the end of a phrase during which windows are still positive, in seconds; with embedding-sequence, the windows of positives end within it. Default 0.2, for sliding-audio 0.05.",
    ),
  slidingWindows: slidingWindows
    .prefault({})
    .describe("Windows drawn from audio; only for windowing sliding-audio."),
  splits: splits.prefault({}).describe("Shares of the splits; train, validation and test sum to 1."),
  shardMinutes: z.number().min(0.1).max(120).default(10).describe("Length of audio in a shard, in minutes."),
  precision: z
    .enum(["float16", "float32"])
    .default("float16")
    .describe(
      "Type of the embeddings in shards. float16 takes half the disk; its rounding is 0.02 % of the values' standard deviation.",
    ),
  workers: z
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe("Worker threads; 0 means one per core. The files do not depend on it."),
});
