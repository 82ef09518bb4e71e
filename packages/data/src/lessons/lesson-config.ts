import * as z from "zod";

import { augmentConfigSchema } from "../config/augment-config.ts";
import { recordingFields } from "../sources/files/recording-fields.ts";
import { engineConfig } from "../config/engine-config.ts";

const folder = z.strictObject({ ...recordingFields });

const people = z.strictObject({
  ...recordingFields,
  share: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe("Share of the recordings to use, chosen by a hash of their names; the others are never read."),
  contents: z
    .string()
    .min(1)
    .exactOptional()
    .describe("Tab-separated file of what they say: file, start, end (seconds) and text, under a heading."),
  weight: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe(
      "Probability that an utterance is one of these. Folders within are speakers, each in one split.",
    ),
});

/** Audio for an embedding to learn from: talk in varied voices, rooms and noise, with no labels. */
export const lessonConfigSchema = z.strictObject({
  hours: z.number().min(0.01).max(10_000).default(40).describe("Training audio, in hours."),
  validationHours: z
    .number()
    .min(0.01)
    .max(1000)
    .default(0.3)
    .describe("Validation audio, in hours, in voices that are not in training."),
  teacherHears: z
    .enum(["clean", "same"])
    .default("clean")
    .describe(
      "Audio that the teacher embeds: `clean`, without the room, noise, microphone and codec that the student hears, or the `same`.",
    ),
  levelDbfs: z
    .tuple([z.number().min(-90).max(0), z.number().min(-90).max(0)])
    .refine(([from, to]) => from <= to, "expected the lower end of the range first")
    .default([-50, -18])
    .describe(
      "Level of the speech of a lesson, in dBFS. It is in both versions of the audio; `augmentation.gain` is not used.",
    ),
  seconds: z.number().min(2).max(60).default(10).describe("Length of a lesson, in seconds."),
  perShard: z.int().min(1).max(1000).default(60).describe("Lessons per file; they share their utterances."),
  utterances: z
    .int()
    .min(1)
    .max(1000)
    .default(90)
    .describe(
      "Utterances synthesized per file; its lessons draw from them, each in a room and noise of its own.",
    ),
  sentenceShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.35)
    .describe("Share of sentences among synthesized utterances; the rest are dictionary words."),
  wordShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe(
      "Share of utterances that are not sentences to be one of a few words, each said by several voices; the rest are one to six words in no order.",
    ),
  engines: z
    .array(engineConfig)
    .min(1)
    .prefault([
      { kind: "espeak", weight: 2 },
      { kind: "flite", weight: 1 },
    ])
    .describe("Speech engines, with weights."),
  people: z.array(people).max(20).default([]).describe("Folders of people's recordings."),
  noise: z.array(folder).max(20).default([]).describe("Folders of recordings without words."),
  augmentation: augmentConfigSchema.prefault({}).describe("Augmentation of utterances and lessons."),
});

/** The section `lessons` of an embedding's config, every field filled in. */
export type LessonConfig = z.output<typeof lessonConfigSchema>;
