import { afterSecondsOf, createLabelPolicy, type LabelPolicy } from "@callsign/data/internal";

import type { DetectorConfig } from "./config.ts";
import type { ArchitectureConfig } from "../models/create-architecture.ts";

/** Training settings with every `auto` resolved. */
export interface ResolvedTraining {
  readonly architecture: ArchitectureConfig;
  readonly policy: LabelPolicy;
  readonly goal: "detection" | "gate";
  readonly learningRate: number;
  readonly seed: string;
}

/** Resolves the settings that default by windowing and network. */
export function resolveTraining(config: DetectorConfig): ResolvedTraining {
  const { labels, windowing, seed, train } = config;
  const { architecture: network, labelling, selection, optimizer } = train;
  const sliding = windowing.kind === "sliding-audio";
  const architecture = describeNetwork(network, { labels: labels.length, windowing });
  const deep = architecture.name === "mlp" && (architecture.blocks ?? 32) > 8;
  const policy = labelling.policy === "auto" ? (sliding ? "early" : "whole-phrase") : labelling.policy;
  const early = policy === "early";
  return {
    architecture,
    policy: createLabelPolicy({ ...labelling, policy, afterSeconds: afterSecondsOf(config) }),
    goal: selection.goal === "auto" ? (early ? "gate" : "detection") : selection.goal,
    // The published network has no residual paths: at 3e-4 it collapsed in our trials, at 1e-4 it trains.
    learningRate: optimizer.learningRate === "auto" ? (deep ? 1e-4 : 1e-3) : optimizer.learningRate,
    seed: String(train.seed ?? seed),
  };
}

function describeNetwork(
  { name, width, blocks }: DetectorConfig["train"]["architecture"],
  { labels, windowing }: { readonly labels: number; readonly windowing: DetectorConfig["windowing"] },
): ArchitectureConfig {
  const sizes = { labels, ...(width !== undefined && { width }) };
  if (windowing.kind === "sliding-audio")
    return { name: "mlp", ...sizes, ...(blocks !== undefined && { blocks }) };
  const { embeddings } = windowing;
  return { name: name === "auto" || name === "mlp" ? "conv-attention" : name, embeddings, ...sizes };
}
