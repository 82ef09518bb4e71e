import * as z from "zod";

import { augmentConfigSchema } from "./augment/augment-config.ts";
import { impulseResponsesConfig } from "./sources/impulse-responses.ts";
import { noiseConfig } from "./sources/noise.ts";
import { sourceConfig } from "./sources/create-source.ts";
import { DEFAULT_SPLIT_FRACTIONS, SPLITS } from "./split.ts";
import { engineConfig } from "./synthesis/engine-config.ts";

const clips = (count: number, what: string) => z.int().min(0).max(1_000_000).default(count).describe(what);
const share = (value: number, what: string) => z.number().min(0).max(1).default(value).describe(what);
const copies = (count: number) =>
  z.int().min(0).max(1000).default(count).describe("Augmented copies of every clip.");

const positives = z.strictObject({
  clipsPerPhrase: clips(200, "Synthesized clips of every phrase."),
  copies: copies(4),
});

const negatives = z.strictObject({
  sentences: z
    .strictObject({ clips: clips(300, "Clips of everyday sentences, in the voices of the positives.") })
    .prefault({}),
  nearMisses: z
    .strictObject({
      clips: clips(150, "Clips of texts that sound nearly like a phrase."),
      textsPerPhrase: z.int().min(1).max(1000).default(50).describe("Different texts for every phrase."),
    })
    .prefault({}),
  partial: z
    .strictObject({
      clips: clips(60, "Clips of parts of a phrase; none where phrases have only one word."),
      textsPerPhrase: z
        .int()
        .min(1)
        .max(100)
        .default(12)
        .describe("Different parts of every phrase, at most."),
    })
    .prefault({}),
  swapped: z
    .strictObject({ clips: clips(0, "Clips of phrases with their words swapped between them.") })
    .prefault({}),
  randomWords: z.strictObject({ clips: clips(0, "Clips of words in no order.") }).prefault({}),
  foreign: z
    .strictObject({
      clips: clips(0, "Clips of words and numbers read by espeak's voices of other languages."),
    })
    .prefault({}),
  own: z.array(z.string().min(1).max(500)).max(10_000).default([]).describe("Texts of your own."),
  clipsPerOwn: z.int().min(1).max(10_000).default(4).describe("Clips of every text of your own."),
  copies: copies(1),
});

const corpus = z.strictObject({
  source: sourceConfig.describe("Where the recordings are: kind folder, clip or common-voice."),
  role: z
    .enum(["auto", "negative", "labelled"])
    .default("auto")
    .describe(
      "`labelled`: clips whose label is one of the detector's are positives. `negative`: none is. `auto`: labelled for kind clip, else negative, and refused where labels or names say a phrase.",
    ),
  split: z
    .enum(["auto", ...SPLITS])
    .default("auto")
    .describe("`auto`: by speaker; all of it in train where the source does not know its speakers."),
  clean: z.boolean().default(true).describe("Use every clip as it was recorded, too."),
  copies: copies(0),
});

const scenes = z.strictObject({
  count: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(200)
    .describe("Stretches of talk with phrases in them, all splits."),
  seconds: z.number().min(2).max(120).default(10).describe("Length of one, in seconds."),
  commandShare: share(0.35, "Chance that what is said next is a phrase."),
});

const slidingWindows = z.strictObject({
  perCopy: z.int().min(1).max(1000).default(12).describe("Windows drawn from every copy of a positive."),
  fromHeard: share(0, "They end when at least this share of the phrase was heard."),
  afterSeconds: z
    .number()
    .min(0)
    .max(10)
    .default(0.3)
    .describe("And at most this long after it, in seconds."),
  stepLength: z
    .int()
    .min(1)
    .max(160_000)
    .default(768)
    .describe("Samples from one window to the next in everything else."),
});

const splits = z.strictObject({
  train: share(DEFAULT_SPLIT_FRACTIONS.train, "Share of the voices and speakers that train."),
  validation: share(DEFAULT_SPLIT_FRACTIONS.validation, "Share that chooses the threshold."),
  test: share(DEFAULT_SPLIT_FRACTIONS.test, "Share kept for the last word."),
});

/** The section `data` of a detector's config. */
export const dataSectionSchema = z.strictObject({
  positives: positives.prefault({}),
  negatives: negatives.prefault({}),
  engines: z
    .array(engineConfig)
    .min(1)
    .prefault([{ kind: "flite" }, { kind: "espeak" }])
    .describe("Who speaks, with weights."),
  mostRejectedShare: share(
    0.3,
    "Share of synthesized draws the quality gate may turn down before the build fails.",
  ),
  mostAttempts: z.int().min(1).max(100).default(10).describe("Draws for one clip before the build fails."),
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
    .describe("Recordings without words: laid under speech, and negatives themselves."),
  impulseResponses: z
    .array(impulseResponsesConfig.omit({ kind: true }))
    .max(100)
    .default([])
    .describe("Measured rooms; synthetic ones are always there."),
  augmentation: augmentConfigSchema.prefault({}).describe("How copies are varied."),
  scenes: scenes.prefault({}),
  slidingWindows: slidingWindows.prefault({}).describe("Only for windowing sliding-audio."),
  splits: splits.prefault({}).describe("Voices and speakers of each split; together 1."),
  shardMinutes: z.number().min(0.1).max(120).default(10).describe("Audio in one shard, in minutes."),
  workers: z
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe("Worker threads; 0 for one a core. The files do not depend on it."),
});
