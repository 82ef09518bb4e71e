import { dataConfigShape, parseDataConfig } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

import { evaluationSchema, trainSectionSchema } from "./config-train.ts";

/** One file for the whole life of a detector: its words, its data, its training, its evaluation. */
export const detectorConfigSchema = z.strictObject({
  ...dataConfigShape,
  train: trainSectionSchema.prefault({}).describe("From shards to a model."),
  evaluation: evaluationSchema
    .optional()
    .describe("What the finished model is scored on; nothing without it."),
});

/** A detector's config, every field filled in. */
export type DetectorConfig = z.output<typeof detectorConfigSchema>;

/**
 * Checks a config and fills it in. `name` (the file) begins every message.
 * @throws CallsignError `CONFIG_INVALID` naming every wrong field, with the key a misspelt one was meant to be
 */
export function parseDetectorConfig(value: unknown, { name }: { readonly name: string }): DetectorConfig {
  const config = parseStrict(detectorConfigSchema, value, { name, code: "CONFIG_INVALID" });
  parseDataConfig(value, { name });
  checkArchitecture(config, name);
  return config;
}

/** One embedding or a sequence of them: network and windowing must agree. */
function checkArchitecture({ train, windowing }: DetectorConfig, name: string): void {
  const { name: network, blocks } = train.architecture;
  const readsOne = windowing.kind === "sliding-audio";
  if (network !== "auto" && readsOne !== (network === "mlp"))
    throw new CallsignError(
      "CONFIG_INVALID",
      `${name}: train.architecture.name: ${network} reads ${readsOne ? "a sequence of embeddings" : "one embedding"}; ` +
        `windowing ${windowing.kind} takes ${readsOne ? "mlp" : "conv-attention, crnn or dnn"}`,
    );
  if (blocks !== undefined && !readsOne)
    throw new CallsignError("CONFIG_INVALID", `${name}: train.architecture.blocks: only an mlp has them`);
}
