import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import {
  createRandom,
  type FeaturePrecision,
  type FeatureShard,
  type Split,
  writeShard,
} from "@callsign/data/internal";
import { FRONTEND_ID } from "@callsign/infer/internal";
import { sha256Hex, SPEECH_EMBEDDING } from "@callsign/infer/node/internal";

export interface SyntheticBuild {
  readonly labels: readonly string[];
  /** 1 makes sliding-audio shards, more sequences. */
  readonly embeddings: number;
  /** Clips of every label, and of none, in each shard. */
  readonly clips: number;
  readonly shards: number;
  /** Type of the embeddings in the files. */
  readonly precision?: FeaturePrecision;
  /** What is done to a shard before it is written. */
  readonly change?: (shard: FeatureShard, id: string) => FeatureShard;
}

/** A data build's shards and index in a temporary folder, of numbers instead of speech. */
export async function makeSyntheticBuild(options: SyntheticBuild): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "callsign-shards-"));
  const entries = [];
  for (const split of ["train", "validation"] as const) {
    for (let i = 0; i < (split === "train" ? options.shards : 1); i++) {
      const id = `${split}/synthetic-${i}`;
      const made = syntheticShard(options, { split, id });
      const bytes = writeShard(options.change?.(made, id) ?? made, options);
      const path = `shards/${id}.safetensors`;
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
      entries.push({
        path,
        split,
        source: "synthetic",
        kind: "scene",
        sha256: sha256Hex(bytes),
        windows: made.windowEnd.length,
      });
    }
  }
  const index = {
    formatVersion: 2,
    labels: options.labels,
    frontend: { id: FRONTEND_ID, floor: floorOf(options), embeddingSha256: SPEECH_EMBEDDING.sha256 },
    manifest: { path: "manifest.jsonl", sha256: sha256Hex("") },
    sets: [],
    shards: entries,
    features: [],
    licences: [{ source: "synthetic", licence: "CC0-1.0", clips: 1, seconds: 60, speakers: 1 }],
  };
  await writeFile(join(folder, "index.json"), JSON.stringify(index));
  return folder;
}

/** Windows a clip has. */
const WINDOWS = 12;

/** Each clip is noise; where its phrase is heard, windows 4 to 7, its label's column stands out. */
function syntheticShard(
  { labels, embeddings, clips }: SyntheticBuild,
  { split, id }: { readonly split: Split; readonly id: string },
): FeatureShard {
  const random = createRandom(id);
  const clipCount = clips * (labels.length + 1);
  const rowsPerClip = WINDOWS + embeddings - 1;
  const windows = clipCount * WINDOWS;
  const rows = Float32Array.from({ length: clipCount * rowsPerClip * 96 }, () => random.normal());
  const shard = {
    windowEnd: new Int32Array(windows),
    label: new Int32Array(windows).fill(-1),
    heard: new Float32Array(windows),
    sinceEnd: new Int32Array(windows).fill(-1),
    clip: new Int32Array(windows),
  };
  for (let clip = 0; clip < clipCount; clip++) {
    const label = (clip % (labels.length + 1)) - 1;
    for (let i = 0; i < WINDOWS; i++) {
      const w = clip * WINDOWS + i;
      const row = clip * rowsPerClip + embeddings - 1 + i;
      shard.windowEnd[w] = row;
      shard.clip[w] = clip;
      if (label < 0 || i < 4) continue;
      shard.label[w] = label;
      shard.heard[w] = Math.min(1, (i - 3) / 4);
      shard.sinceEnd[w] = Math.max(0, i - 7) * 1280;
      if (i <= 8) rows[row * 96 + label]! += 4;
    }
  }
  return {
    ...shard,
    embeddings: rows,
    metadata: {
      labels,
      split,
      source: "synthetic",
      kind: "scene",
      embeddingsPerWindow: embeddings,
      frontend: FRONTEND_ID,
      floor: floorOf({ embeddings }),
      embeddingSha256: SPEECH_EMBEDDING.sha256,
      configSha256: "0".repeat(64),
      inputsSha256: "0".repeat(64),
      seed: "0",
      tool: "test",
      clips: Array.from({ length: clipCount }, (_, clip) => ({
        clip: `${id}#${clip}`,
        speaker: "one",
        copy: 0,
      })),
    },
  };
}

const floorOf = ({ embeddings }: Pick<SyntheticBuild, "embeddings">): "window" | "chunk" =>
  embeddings === 1 ? "window" : "chunk";
