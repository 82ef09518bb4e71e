import { dataConfigShape, parseDataConfig } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

import { evaluationSchema, trainSectionSchema } from "./config-train.ts";

/** Schema of a detector's config file: labels, data, training and evaluation. */
export const detectorConfigSchema = z.strictObject({
  ...dataConfigShape,
  train: trainSectionSchema.prefault({}).describe("From shards to a model."),
  evaluation: evaluationSchema
    .optional()
    .describe("What the finished model is scored on; nothing without it."),
});

/** A detector's config with all defaults applied. */
export type DetectorConfig = z.output<typeof detectorConfigSchema>;

/**
 * Validates a config and applies defaults. Messages begin with `name`, the file.
 * @throws CallsignError `CONFIG_INVALID` naming every wrong field, with suggestions for misspelt keys
 */
export function parseDetectorConfig(value: unknown, { name }: { readonly name: string }): DetectorConfig {
  const config = parseStrict(detectorConfigSchema, value, { name, code: "CONFIG_INVALID" });
  parseDataConfig(value, { name });
  checkArchitecture(config, name);
  return config;
}

/** Checks that the network and the windowing both take one embedding or both take a sequence. */
function checkArchitecture({ train, windowing }: DetectorConfig, name: string): void {
  const { name: network, blocks, positions, pooling } = train.architecture;
  const readsOne = windowing.kind === "sliding-audio";
  if (network !== "auto" && readsOne !== (network === "mlp"))
    throw new CallsignError(
      "CONFIG_INVALID",
      `${name}: train.architecture.name: ${network} reads ${readsOne ? "a sequence of embeddings" : "one embedding"}; ` +
        `windowing ${windowing.kind} takes ${readsOne ? "mlp" : "conv-attention, crnn or dnn"}`,
    );
  if (blocks !== undefined && !readsOne)
    throw new CallsignError("CONFIG_INVALID", `${name}: train.architecture.blocks: only mlp has blocks`);
  const isConvAttention = !readsOne && (network === "auto" || network === "conv-attention");
  for (const [field, value] of Object.entries({ positions, pooling }))
    if (value !== undefined && !isConvAttention)
      throw new CallsignError(
        "CONFIG_INVALID",
        `${name}: train.architecture.${field}: expected only with conv-attention, got ${readsOne ? "mlp" : network}; remove it`,
      );
}
