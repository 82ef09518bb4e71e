import { lessonConfigSchema } from "@callsign/data/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

const pair = (least: number) => z.tuple([z.int().min(least).max(64), z.int().min(least).max(64)]);

const layer = z.strictObject({
  outputs: z.int().min(1).max(1024).describe("Channels that come out."),
  kernel: pair(1).describe("Frames and mel bins that one output reads."),
  stride: pair(1).default([1, 1]).describe("Frames and bins from one output to the next."),
  padding: z.int().min(0).max(16).default(0).describe("Bins of zeros on either side; time is never padded."),
});

const training = z.strictObject({
  steps: z.int().min(1).max(10_000_000).default(12_000).describe("Steps of the optimiser."),
  batch: z.int().min(1).max(4096).default(64).describe("Stretches of audio in one step."),
  embeddings: z.int().min(1).max(1000).default(48).describe("Embeddings of each stretch, 80 ms apart."),
  learningRate: z.number().positive().max(1).default(0.003).describe("Highest rate of the schedule."),
  warmUp: z.number().min(0).max(1).default(0.05).describe("Share of the steps over which the rate rises."),
  weightDecay: z.number().min(0).max(10).default(0.01).describe("Decoupled weight decay."),
  clipNorm: z.number().positive().default(1).describe("Longest gradient."),
  cosineWeight: z
    .number()
    .min(0)
    .max(100)
    .default(1)
    .describe("Weight of 1 - cosine beside the mean squared error."),
  wordWeight: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .describe(
      "Weight of the contrast of words: the same word in different voices near, different words far. Above 0, half of a batch are stretches with words.",
    ),
  arrival: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe(
      "Share of the steps by which every lesson has come into use; until then they come in as they are made.",
    ),
  validateEvery: z.int().min(1).default(500).describe("Steps between looks at the validation lessons."),
  saveEvery: z.int().min(1).default(1000).describe("Steps between checkpoints."),
});

/** Schema of an embedding's config file. */
export const embeddingConfigSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "expected letters, digits, ., - and _")
    .default("callsign-embedding")
    .describe("Name of the embedding, and of the folder it goes to."),
  seed: z
    .union([z.string().max(200), z.int()])
    .default(0)
    .describe("Decides every draw."),
  teacher: z
    .string()
    .min(1)
    .default("google-speech-embedding")
    .describe("`google-speech-embedding`, found as `callsign models` says, or the path of an ONNX file."),
  layers: z
    .array(layer)
    .min(1)
    .max(64)
    .describe("The convolutions, first to last; together 76 frames, stride 8, 1 bin, 96 values."),
  lessons: lessonConfigSchema.prefault({}).describe("Audio to learn from."),
  train: training.prefault({}),
});

/** An embedding's config with all defaults applied. */
export type EmbeddingConfig = z.output<typeof embeddingConfigSchema>;

/** Validates a config. @throws CallsignError `CONFIG_INVALID` naming every wrong field, with suggestions for misspelt keys */
export const parseEmbeddingConfig = (value: unknown, { name }: { readonly name: string }): EmbeddingConfig =>
  parseStrict(embeddingConfigSchema, value, { name, code: "CONFIG_INVALID" });
