import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

import { dataSectionSchema } from "./config-data.ts";
import { LABELLING_SECONDS } from "../labelling/label-policy.ts";
import { NEGATIVE_KINDS } from "../text/negative-texts.ts";
import { parseIpa } from "../text/phonetics/ipa.ts";
import { spokenText, spokenWords } from "../text/spoken-text.ts";

/** Names of negatives, which labels may not have. */
const RESERVED: ReadonlySet<string> = new Set([...NEGATIVE_KINDS, "noise", "corpus", "other", "scene"]);

const label = z.strictObject({
  label: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N} _-]{0,63}$/u, "expected letters, digits, spaces, - and _")
    .refine((name) => !RESERVED.has(name), "this name is kept for negatives; choose another")
    .describe("Name of the detection."),
  phrases: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(100)
    .describe("Phrases detected under this label; any of them counts."),
});

const pronunciation = z.strictObject({
  ipa: z
    .string()
    .min(1)
    .max(200)
    .describe("The word in the International Phonetic Alphabet, stress marked: `ʃiˈɔrʃə`."),
  weight: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe("Share of the clips with this pronunciation, on any scale."),
});

const windowing = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("embedding-sequence"),
    embeddings: z.int().min(1).max(64).default(16).describe("Embeddings per window, 80 ms apart."),
    hopLength: z.literal(1280).default(1280).describe("Samples from one window to the next."),
  }),
  z.strictObject({
    kind: z.literal("sliding-audio"),
    windowLength: z
      .int()
      .min(12_512)
      .max(13_791)
      .default(13_000)
      .describe("Samples per window; they give exactly one embedding."),
    hopLength: z.int().min(1).max(16_000).default(512).describe("Samples from one window to the next."),
  }),
]);

const frontend = z.strictObject({
  embedding: z
    .string()
    .min(1)
    .default("auto")
    .describe(
      "`google-speech-embedding`, `callsign-embedding` (carried with Callsign), the path of an ONNX file, or `auto`: Google's where it is at hand or can be fetched, else our own.",
    ),
});

/** Fields of a detector's config that a data build reads; `train` adds its own. */
export const dataConfigShape = {
  name: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N}_.-]{0,63}$/u, "expected letters, digits, ., - and _")
    .default("detector")
    .describe("Name of the detector and of its data folder."),
  seed: z
    .union([z.string().max(200), z.int()])
    .default(0)
    .describe("Seed of all random draws; the same config and seed give the same files."),
  labels: z.array(label).min(1).max(100).describe("Labels to detect."),
  pronunciations: z
    .record(z.string(), z.array(pronunciation).min(1).max(32))
    .default({})
    .describe(
      "Pronunciations of words of the phrases, by word. Default: those of the dictionary, or several guessed from the spelling for a word that it lacks.",
    ),
  frontend: frontend.prefault({}).describe("Front-end, which computes embeddings from samples."),
  windowing: windowing
    .prefault({ kind: "embedding-sequence" })
    .describe(
      "Input of the classifier. The log-mel floor follows: chunk for embedding-sequence, else window.",
    ),
  data: dataSectionSchema.prefault({}).describe("Sources of clips and their augmentation."),
};

/** One config file serves all stages; sections of later stages are passed through unchanged. */
export const dataConfigSchema = z.strictObject({
  ...dataConfigShape,
  train: z.unknown().optional(),
  evaluation: z.unknown().optional(),
});

/** Config of a detector for a data build, with all defaults filled in. */
export type DataConfig = z.output<typeof dataConfigSchema>;

/** The same with everything optional that has a default, as a file has it. */
export type DataConfigInput = z.input<typeof dataConfigSchema>;

/**
 * Checks a config and fills it in. `name` (the file) begins every message.
 * @throws CallsignError `CONFIG_INVALID` naming every wrong field, with the key a misspelt one was meant to be
 */
export function parseDataConfig(value: unknown, { name }: { readonly name: string }): DataConfig {
  const config = parseStrict(dataConfigSchema, value, { name, code: "CONFIG_INVALID" });
  checkLabels(config, name);
  const { train, validation, test } = config.data.splits;
  if (Math.abs(train + validation + test - 1) > 1e-9)
    throw new CallsignError(
      "CONFIG_INVALID",
      `${name}: data.splits: expected shares that sum to 1, got ${train} + ${validation} + ${test}`,
    );
  checkForeign(config, name);
  checkFeatures(config, name);
  checkPronunciations(config, name);
  return config;
}

/** `data.afterSeconds`, with its default. */
export const afterSecondsOf = ({ windowing, data }: Pick<DataConfig, "windowing" | "data">): number =>
  data.afterSeconds ?? LABELLING_SECONDS.positiveAfter[windowing.kind];

function checkForeign({ data: { negatives, engines, positives } }: DataConfig, name: string): void {
  if (negatives.foreign.clips === 0) return;
  const voices = positives.clipsPerPhrase > 0 && engines.some(({ kind }) => kind === "espeak");
  if (!voices)
    throw new CallsignError(
      "CONFIG_INVALID",
      `${name}: data.negatives.foreign: only espeak speaks other languages, in the voices of the positives; expected ` +
        `{ kind: espeak } in data.engines and positives to be synthesized`,
    );
}

/** Features have no audio to augment and no labels. */
function checkFeatures({ data }: DataConfig, name: string): void {
  for (const [i, { source, role, copies }] of data.corpora.entries()) {
    if (source.kind !== "features" || (role !== "labelled" && copies === 0)) continue;
    const problem = copies > 0 ? `copies 0, got ${copies}` : "role negative or auto, got labelled";
    throw new CallsignError(
      "CONFIG_INVALID",
      `${name}: data.corpora[${i}]: precomputed features are negatives without audio: expected ${problem}; remove it`,
    );
  }
}

function checkPronunciations({ labels, pronunciations }: DataConfig, name: string): void {
  const words = new Set(labels.flatMap(({ phrases }) => phrases.flatMap(spokenWords)));
  for (const [word, sounds] of Object.entries(pronunciations)) {
    const where = `${name}: pronunciations.${word}`;
    if (!words.has(word))
      throw new CallsignError(
        "CONFIG_INVALID",
        `${where}: expected a word of a phrase (${[...words].join(", ")}), got ${JSON.stringify(word)}; write it in lower case, as it is spoken, or remove it`,
      );
    for (const [i, { ipa }] of sounds.entries()) {
      try {
        parseIpa(ipa);
      } catch (error) {
        throw new CallsignError("CONFIG_INVALID", `${where}[${i}].ipa: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }
}

function checkLabels({ labels }: DataConfig, name: string): void {
  const names = new Map<string, number>();
  const phrases = new Map<string, string>();
  for (const [i, entry] of labels.entries()) {
    // Folders are named after labels, and some file systems ignore case.
    const key = entry.label.toLowerCase().replaceAll(/[ _]/g, "-");
    if (names.has(key))
      throw new CallsignError(
        "CONFIG_INVALID",
        `${name}: labels[${i}].label: ${JSON.stringify(entry.label)} is there twice; list its phrases under one label`,
      );
    names.set(key, i);
    for (const phrase of entry.phrases) {
      const said = spokenText(phrase) || phrase.toLowerCase();
      const other = phrases.get(said);
      if (other !== undefined)
        throw new CallsignError(
          "CONFIG_INVALID",
          `${name}: labels[${i}].phrases: ${JSON.stringify(phrase)} is a phrase of ${JSON.stringify(other)} already`,
        );
      phrases.set(said, entry.label);
    }
  }
}
