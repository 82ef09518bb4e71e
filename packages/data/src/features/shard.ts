import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING, parseStrict, type LogMelFloor } from "@callsign/infer/internal";
import * as z from "zod";

import { findNotFinite, findNotFinite16, toFloat16 } from "../formats/float16.ts";
import {
  readSafetensors,
  type SafetensorsTensor,
  tensorToFloat32,
  writeSafetensors,
} from "../formats/safetensors.ts";
import { type Split, SPLITS } from "../split.ts";
import {
  findWindowProblem,
  packWindows,
  type ShardWindows,
  unpackWindows,
  WINDOW_TENSORS,
} from "./shard-windows.ts";

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
  /** Last row of each window; consecutive within a clip. */
  readonly windowEnd: Int32Array;
  /** Index into the labels; -1 where no phrase is near. */
  readonly label: Int32Array;
  /** Share of the phrase heard when the window ends, 0 to 1; 0 where the label is -1. */
  readonly heard: Float32Array;
  /** Samples from the phrase's end to the window's; 0 while it is being said, -1 where the label is -1. */
  readonly sinceEnd: Int32Array;
  /** Index into the metadata's clips, ascending. */
  readonly clip: Int32Array;
  readonly metadata: ShardMetadata;
}

/** Type of the embeddings in a file. */
export type FeaturePrecision = "float16" | "float32";

/** Version of the shard format. Version 1 stored every window, and embeddings as float32 only. */
export const SHARD_FORMAT = 2;

/**
 * A shard as a safetensors file: the same shard gives the same bytes. @throws CallsignError `INVALID_ARGUMENT` where clips are
 * not in order or the windows of a clip are not consecutive, `FEATURES_NOT_FINITE`
 */
export function writeShard(
  shard: FeatureShard,
  { precision = "float16" }: { readonly precision?: FeaturePrecision } = {},
): Uint8Array {
  const { embeddings, metadata } = shard;
  const shape = [embeddings.length / EMBEDDING.dimension, EMBEDDING.dimension];
  const half = precision === "float16" ? toFloat16(embeddings) : undefined;
  const bad = half ? findNotFinite16(half) : findNotFinite(embeddings);
  if (bad >= 0)
    throw new CallsignError(
      "FEATURES_NOT_FINITE",
      `${metadata.source}: row ${Math.floor(bad / EMBEDDING.dimension)}, column ${bad % EMBEDDING.dimension} is ` +
        `${embeddings[bad]}, expected a finite number that fits ${precision}`,
    );
  const tensors = new Map<string, SafetensorsTensor>([
    ["embeddings", half ? { dtype: "F16", shape, data: half } : { dtype: "F32", shape, data: embeddings }],
  ]);
  const windows = packWindows(shard, { clips: metadata.clips.length });
  for (const name of WINDOW_NAMES)
    tensors.set(name, { dtype: WINDOW_TENSORS[name], shape: [windows[name].length], data: windows[name] });
  return writeSafetensors(tensors, { metadata: formatMetadata(metadata) });
}

/**
 * Reads and checks a shard. `name` (the file) begins every message.
 * @throws CallsignError `SHARD_INVALID`, `SAFETENSORS_INVALID`
 */
export function readShard(bytes: Uint8Array, { name }: { readonly name: string }): FeatureShard {
  const { tensors, metadata: fields } = readSafetensors(bytes, { name });
  const metadata = { ...parseShardMetadata(fields, name), clips: parseShardClips(fields, name) };
  const { rows } = embeddingsOfShard(tensors.get("embeddings"), name);
  const windows = windowsOfShard(tensors, { name, rows, metadata });
  if (windows.clipWindows.length !== metadata.clips.length)
    throw shardInvalid(
      name,
      `it has windows of ${windows.clipWindows.length} clips and names of ${metadata.clips.length}`,
    );
  return { embeddings: tensorToFloat32(tensors.get("embeddings")!), ...unpackWindows(windows), metadata };
}

export const WINDOW_NAMES = Object.keys(WINDOW_TENSORS) as (keyof ShardWindows)[];

/** Rows and type of the embeddings. @throws CallsignError `SHARD_INVALID` */
export function embeddingsOfShard(
  found: Pick<SafetensorsTensor, "dtype" | "shape"> | undefined,
  name: string,
): { readonly rows: number; readonly dtype: "F16" | "F32" } {
  const { dtype, shape = [] } = found ?? {};
  if ((dtype !== "F16" && dtype !== "F32") || shape.length !== 2 || shape[1] !== EMBEDDING.dimension)
    throw shardInvalid(
      name,
      `expected embeddings [rows, ${EMBEDDING.dimension}] of F16 or F32, got ${dtype ?? "none"} [${shape.join(", ")}]`,
    );
  return { rows: shape[0]!, dtype };
}

/** Checked windows of a shard. @throws CallsignError `SHARD_INVALID` */
export function windowsOfShard(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  {
    name,
    rows,
    metadata: { labels, embeddingsPerWindow },
  }: {
    readonly name: string;
    readonly rows: number;
    readonly metadata: Pick<ShardMetadata, "labels" | "embeddingsPerWindow">;
  },
): ShardWindows {
  const take = (key: keyof ShardWindows): SafetensorsTensor["data"] => {
    const tensor = tensors.get(key);
    if (tensor?.dtype === WINDOW_TENSORS[key]) return tensor.data;
    throw shardInvalid(
      name,
      `expected a tensor ${key} of ${WINDOW_TENSORS[key]}, got ${tensor?.dtype ?? "none"}`,
    );
  };
  const windows = Object.fromEntries(WINDOW_NAMES.map((key) => [key, take(key)])) as unknown as ShardWindows;
  const problem = findWindowProblem(windows, { rows, labels: labels.length, embeddingsPerWindow });
  if (problem !== undefined) throw shardInvalid(name, problem);
  return windows;
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
});

const clipsSchema = z.array(z.object({ clip: z.string(), speaker: z.string(), copy: z.int() }));

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

/** Metadata without the names of clips, which are most of it and seldom needed. @throws CallsignError `SHARD_INVALID` */
export function parseShardMetadata(
  fields: Readonly<Record<string, string>>,
  name: string,
): Omit<ShardMetadata, "clips"> {
  const value = { ...fields, labels: parseField(fields, { key: "labels", name }) };
  const { formatVersion: _version, ...parsed } = parseStrict(metadataSchema, value, {
    name: `${name}: metadata`,
    code: "SHARD_INVALID",
  });
  return parsed;
}

/** @throws CallsignError `SHARD_INVALID` */
export const parseShardClips = (fields: Readonly<Record<string, string>>, name: string): ShardClip[] =>
  parseStrict(clipsSchema, parseField(fields, { key: "clips", name }), {
    name: `${name}: metadata clips`,
    code: "SHARD_INVALID",
  });

function parseField(
  fields: Readonly<Record<string, string>>,
  { key, name }: { readonly key: string; readonly name: string },
): unknown {
  try {
    return JSON.parse(fields[key] ?? "null");
  } catch (cause) {
    throw shardInvalid(name, `metadata ${key}: not JSON`, cause);
  }
}

export const shardInvalid = (name: string, problem: string, cause?: unknown): CallsignError =>
  new CallsignError("SHARD_INVALID", `${name}: not a whole feature shard: ${problem}; build it again`, {
    cause,
  });
