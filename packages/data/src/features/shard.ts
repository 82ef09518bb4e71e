import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING, parseStrict, type LogMelFloor } from "@callsign/infer/internal";
import * as z from "zod";

import { readSafetensors, type SafetensorsTensor, writeSafetensors } from "../formats/safetensors.ts";
import { type Split, SPLITS } from "../split.ts";

/** One recording that windows of a shard come from, so that an error found in training has a name. */
export interface ShardClip {
  /** Manifest path of the clip, or of the scene's own name. */
  readonly clip: string;
  readonly speaker: string;
  /** Index of the augmented copy, from 0; -1 for the unchanged recording. */
  readonly copy: number;
}

/** Metadata of a shard. */
export interface ShardMetadata {
  /** `label` tensors index into these. */
  readonly labels: readonly string[];
  readonly split: Split;
  /** Folder of clips it was made from, such as `near-miss` or the name of a corpus. */
  readonly source: string;
  /** positive, near-miss, sentence, partial, swapped, random-words, user, corpus, noise, recording or scene. */
  readonly kind: string;
  /** Rows a window reads: 16 for embedding-sequence, 1 for sliding-audio. */
  readonly embeddingsPerWindow: number;
  readonly frontend: string;
  readonly floor: LogMelFloor;
  readonly embeddingSha256: string;
  /** Hash of the settings that determine features. */
  readonly configSha256: string;
  /** Hash of all inputs: config, seed, clips, noises. */
  readonly inputsSha256: string;
  readonly seed: string;
  readonly tool: string;
  readonly gitCommit?: string | undefined;
  readonly clips: readonly ShardClip[];
}

/**
 * Features of a few minutes of audio. Window `i` reads the rows `windowEnd[i] - embeddingsPerWindow + 1` to
 * `windowEnd[i]`. Training derives the outcome from `heard` and `sinceEnd` (`labelling/label-policy.ts`).
 */
export interface FeatureShard {
  /** `[rows, 96]`, row-major. */
  readonly embeddings: Float32Array;
  readonly windowEnd: Int32Array;
  /** Index into the labels; -1 where no phrase is near. */
  readonly label: Int32Array;
  /** Share of the phrase heard when the window ends, 0 to 1; 0 where the label is -1. */
  readonly heard: Float32Array;
  /** Samples from the phrase's end to the window's; 0 while it is being said, -1 where the label is -1. */
  readonly sinceEnd: Int32Array;
  /** Index into the metadata's clips. */
  readonly clip: Int32Array;
  readonly metadata: ShardMetadata;
}

/** Version of the shard format. */
export const SHARD_FORMAT = 1;

/** A shard as a safetensors file: the same shard gives the same bytes. */
export function writeShard(shard: FeatureShard): Uint8Array {
  const { embeddings, windowEnd, label, heard, sinceEnd, clip, metadata } = shard;
  const columns = EMBEDDING.dimension;
  const int32 = (data: Int32Array): SafetensorsTensor => ({ dtype: "I32", shape: [data.length], data });
  const tensors = new Map<string, SafetensorsTensor>([
    ["embeddings", { dtype: "F32", shape: [embeddings.length / columns, columns], data: embeddings }],
    ["windowEnd", int32(windowEnd)],
    ["label", int32(label)],
    ["heard", { dtype: "F32", shape: [heard.length], data: heard }],
    ["sinceEnd", int32(sinceEnd)],
    ["clip", int32(clip)],
  ]);
  return writeSafetensors(tensors, { metadata: formatMetadata(metadata) });
}

/**
 * Reads and checks a shard; the arrays are views into `bytes`. `name` (the file) begins every message.
 * @throws CallsignError `SHARD_INVALID`, `SAFETENSORS_INVALID`
 */
export function readShard(bytes: Uint8Array, { name }: { readonly name: string }): FeatureShard {
  const { tensors, metadata } = readSafetensors(bytes, { name });
  const take = (key: string, dtype: "F32" | "I32"): SafetensorsTensor["data"] => {
    const tensor = tensors.get(key);
    if (tensor?.dtype === dtype) return tensor.data;
    throw invalid(name, `expected a tensor ${key} of ${dtype}, got ${tensor?.dtype ?? "none"}`);
  };
  const floats = (key: string): Float32Array => take(key, "F32") as Float32Array;
  const integers = (key: string): Int32Array => take(key, "I32") as Int32Array;
  const shard: FeatureShard = {
    embeddings: floats("embeddings"),
    windowEnd: integers("windowEnd"),
    label: integers("label"),
    heard: floats("heard"),
    sinceEnd: integers("sinceEnd"),
    clip: integers("clip"),
    metadata: parseMetadata(metadata, name),
  };
  checkWindows(shard, { name, shape: tensors.get("embeddings")!.shape });
  return shard;
}

function checkWindows(shard: FeatureShard, place: { name: string; shape: readonly number[] }): void {
  const { name, shape } = place;
  const { windowEnd, label, heard, sinceEnd, clip, metadata } = shard;
  const [rows = 0, columns] = shape;
  if (shape.length !== 2 || columns !== EMBEDDING.dimension)
    throw invalid(name, `expected embeddings [rows, ${EMBEDDING.dimension}], got [${shape.join(", ")}]`);
  const count = windowEnd.length;
  if ([label, heard, sinceEnd, clip].some(({ length }) => length !== count))
    throw invalid(name, `expected ${count} windows in every tensor, got tensors of different lengths`);
  const first = metadata.embeddingsPerWindow - 1;
  for (let i = 0; i < count; i++) {
    if (windowEnd[i]! < first || windowEnd[i]! >= rows)
      throw invalid(name, `window ${i} ends at row ${windowEnd[i]}, expected ${first} to ${rows - 1}`);
    if (label[i]! < -1 || label[i]! >= metadata.labels.length)
      throw invalid(name, `window ${i} has label ${label[i]}, of ${metadata.labels.length}`);
    if (clip[i]! < 0 || clip[i]! >= metadata.clips.length)
      throw invalid(name, `window ${i} names clip ${clip[i]}, of ${metadata.clips.length}`);
    if (!(heard[i]! >= 0 && heard[i]! <= 1)) throw invalid(name, `window ${i} has heard ${heard[i]}`);
  }
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a sha256");

const metadataSchema = z.object({
  formatVersion: z.literal(String(SHARD_FORMAT)),
  labels: z.array(z.string()).min(1),
  split: z.enum(SPLITS),
  source: z.string().min(1),
  kind: z.string().min(1),
  embeddingsPerWindow: z.coerce.number().int().min(1).max(1000),
  frontend: z.string(),
  floor: z.enum(["window", "chunk"]),
  embeddingSha256: sha256,
  configSha256: sha256,
  inputsSha256: sha256,
  seed: z.string(),
  tool: z.string(),
  gitCommit: z.string().optional(),
  clips: z.array(z.object({ clip: z.string(), speaker: z.string(), copy: z.int() })),
});

/** In a fixed order, so that the bytes do not depend on how the object was made. */
function formatMetadata(metadata: ShardMetadata): Record<string, string> {
  const { labels, clips, embeddingsPerWindow, gitCommit, ...rest } = metadata;
  return {
    formatVersion: String(SHARD_FORMAT),
    labels: JSON.stringify(labels),
    split: rest.split,
    source: rest.source,
    kind: rest.kind,
    embeddingsPerWindow: String(embeddingsPerWindow),
    frontend: rest.frontend,
    floor: rest.floor,
    embeddingSha256: rest.embeddingSha256,
    configSha256: rest.configSha256,
    inputsSha256: rest.inputsSha256,
    seed: rest.seed,
    tool: rest.tool,
    ...(gitCommit !== undefined && { gitCommit }),
    clips: JSON.stringify(clips.map(({ clip, speaker, copy }) => ({ clip, speaker, copy }))),
  };
}

function parseMetadata(metadata: Readonly<Record<string, string>>, name: string): ShardMetadata {
  const json = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key] ?? "null");
    } catch (cause) {
      throw invalid(name, `metadata ${key}: not JSON`, cause);
    }
  };
  const value = { ...metadata, labels: json("labels"), clips: json("clips") };
  const { formatVersion: _version, ...parsed } = parseStrict(metadataSchema, value, {
    name: `${name}: metadata`,
    code: "SHARD_INVALID",
  });
  return parsed;
}

const invalid = (name: string, problem: string, cause?: unknown): CallsignError =>
  new CallsignError("SHARD_INVALID", `${name}: not a whole feature shard: ${problem}; build it again`, {
    cause,
  });
