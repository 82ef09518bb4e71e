import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { DetectorConfig } from "./config.ts";
import type { LabelPolicy } from "../batches/label-policy.ts";
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
export function resolveTraining({ labels, windowing, seed, train }: DetectorConfig): ResolvedTraining {
  const { architecture: network, labelling, selection, optimizer } = train;
  const sliding = windowing.kind === "sliding-audio";
  const architecture = describeNetwork(network, { labels: labels.length, windowing });
  const deep = architecture.name === "mlp" && (architecture.blocks ?? 32) > 8;
  const kind = labelling.policy === "auto" ? (sliding ? "early" : "whole-phrase") : labelling.policy;
  const early = kind === "early";
  return {
    architecture,
    policy: {
      heardFraction: early ? labelling.heardFraction : 1,
      afterLength: toSamples(labelling.afterSeconds ?? (early ? 0.05 : 0.2)),
      ignoreLength: toSamples(labelling.ignoreSeconds ?? (early ? 0.1 : Infinity)),
    },
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

const toSamples = (seconds: number): number => Math.round(seconds * SAMPLE_RATE_HZ);
