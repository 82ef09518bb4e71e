import { afterSecondsOf, createLabelPolicy, type LabelPolicy, windowLengthOf } from "@callsign/data/internal";
import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { DecisionTiming } from "@callsign/infer/internal";

import type { DetectorConfig } from "./config.ts";
import type { ArchitectureConfig } from "../models/create-architecture.ts";
import type { CostOptions } from "../select/expected-cost.ts";

/** Training settings with every `auto` resolved. */
export interface ResolvedTraining {
  readonly architecture: ArchitectureConfig;
  readonly policy: LabelPolicy;
  readonly goal: "detection" | "gate";
  readonly costs: CostOptions;
  readonly timing: DecisionTiming;
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
  const goal = selection.goal === "auto" ? (early ? "gate" : "detection") : selection.goal;
  return {
    architecture,
    policy: createLabelPolicy({ ...labelling, policy, afterSeconds: afterSecondsOf(config) }),
    goal,
    costs: resolveCosts(selection, goal),
    timing: {
      patience: selection.patience,
      refractorySeconds:
        selection.refractorySeconds === "auto" ? refractorySecondsOf(windowing) : selection.refractorySeconds,
    },
    // The published network has no residual paths: at 3e-4 it collapsed in our trials, at 1e-4 it trains.
    learningRate: optimizer.learningRate === "auto" ? (deep ? 1e-4 : 1e-3) : optimizer.learningRate,
    seed: String(train.seed ?? seed),
  };
}

/**
 * Refractory period after which no window contains any part of the phrase, so that one phrase is one detection. At least a
 * second, because short windows with early labels score high from the first syllable of the phrase on.
 */
export const refractorySecondsOf = (windowing: DetectorConfig["windowing"]): number =>
  Math.max(1, windowLengthOf(windowing) / SAMPLE_RATE_HZ);

/**
 * Default share of the time during which a phrase is said: for a mute gate that of the challenge's conversations (1/19), else
 * about four seconds per hour. The default cost of a miss gives both errors equal weight under it, as the challenge does (18).
 */
function resolveCosts(
  { phraseShare: share, missedCost }: DetectorConfig["train"]["selection"],
  goal: ResolvedTraining["goal"],
): CostOptions {
  const phraseShare = share === "auto" ? (goal === "gate" ? 1 / 19 : 1e-3) : share;
  return { phraseShare, missedCost: missedCost === "auto" ? (1 - phraseShare) / phraseShare : missedCost };
}

function describeNetwork(
  { name, width, blocks, members, positions, pooling }: DetectorConfig["train"]["architecture"],
  { labels, windowing }: { readonly labels: number; readonly windowing: DetectorConfig["windowing"] },
): ArchitectureConfig {
  const sizes = { labels, ...(members > 1 && { members }), ...(width !== undefined && { width }) };
  if (windowing.kind === "sliding-audio")
    return { name: "mlp", ...sizes, ...(blocks !== undefined && { blocks }) };
  const { embeddings } = windowing;
  if (name === "crnn" || name === "dnn") return { name, embeddings, ...sizes };
  return {
    name: "conv-attention",
    embeddings,
    ...sizes,
    ...(positions !== undefined && { positions }),
    ...(pooling !== undefined && { pooling }),
  };
}
