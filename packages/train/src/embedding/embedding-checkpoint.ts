import { float32Tensor, readSafetensors, tensorToFloat32, writeSafetensors } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import type { AdamWState } from "../optimize/adamw.ts";
import { flattenWeights, splitWeights } from "../weights/flat-weights.ts";
import type { Weights } from "../weights/parameters.ts";
import type { EmbeddingNetwork } from "./embedding-network.ts";

/** State of an embedding's training. */
export interface EmbeddingCheckpoint {
  /** Steps taken. */
  readonly step: number;
  readonly weights: Weights;
  readonly state: AdamWState;
}

/** Encodes a checkpoint as safetensors; `key` identifies its training. */
export function encodeEmbeddingCheckpoint(
  network: EmbeddingNetwork,
  { step, weights, state }: EmbeddingCheckpoint,
  { key }: { readonly key: string },
): Uint8Array {
  const flat = flattenWeights(network, weights);
  const vector = (data: Float32Array) => float32Tensor([data.length], data);
  return writeSafetensors(
    new Map([
      ["parameters", vector(flat)],
      ["first", vector(state.first)],
      ["second", vector(state.second)],
    ]),
    { metadata: { format: FORMAT, key, step: String(step) } },
  );
}

/** @throws CallsignError `CHECKPOINT_MISMATCH`, `SAFETENSORS_INVALID` */
export function decodeEmbeddingCheckpoint(
  network: EmbeddingNetwork,
  bytes: Uint8Array,
  { name, key }: { readonly name: string; readonly key: string },
): EmbeddingCheckpoint {
  const { tensors, metadata } = readSafetensors(bytes, { name });
  const step = Number(metadata.step);
  if (metadata.format !== FORMAT || metadata.key !== key)
    throw new CallsignError(
      "CHECKPOINT_MISMATCH",
      `${name}: from a training with another config, seed or teacher; give --out another folder or delete it`,
    );
  const vector = (part: string): Float32Array => {
    const tensor = tensors.get(part);
    if (tensor !== undefined) return tensorToFloat32(tensor);
    throw new CallsignError("CHECKPOINT_MISMATCH", `${name}: expected a tensor ${part}, got none`);
  };
  return {
    step,
    weights: splitWeights(network, vector("parameters")),
    state: { step, first: vector("first"), second: vector("second") },
  };
}

const FORMAT = "callsign-embedding-checkpoint-1";
