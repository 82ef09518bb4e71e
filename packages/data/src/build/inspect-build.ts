import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { sha256File } from "@callsign/infer/node/internal";

import { type ManifestClip, readManifest } from "../store/manifest.ts";
import { createRandom } from "../random.ts";
import { bytesOfFrames, type FeatureFile } from "../features/feature-file.ts";
import { readShard } from "../features/shard.ts";
import { SPLITS } from "../split.ts";
import { type BuildIndex, readBuildIndex } from "./build-index.ts";
import type { ShardEntry } from "../features/write-shard.ts";
import { isPerson, isSpeech, secondsOf, voicesOf } from "../store/clip-set.ts";

/** Content of a build, counted over its files and not taken from the index. */
export interface BuildReport {
  readonly index: BuildIndex;
  readonly clips: number;
  readonly seconds: number;
  readonly voices: number;
  readonly bySplit: readonly SplitSummary[];
  readonly byVoice: readonly {
    readonly voice: string;
    readonly split: string;
    readonly clips: number;
    readonly seconds: number;
  }[];
  readonly windows: number;
  /** Windows that end while a phrase is near, by label and split. */
  readonly labelled: Readonly<Record<string, number>>;
  readonly featureSeconds: number;
  readonly shardBytes: number;
  /** Files that have changed since the build. */
  readonly damaged: readonly string[];
}

export interface SplitSummary {
  readonly split: string;
  readonly clips: number;
  readonly seconds: number;
  /** Recordings of people. */
  readonly peopleSeconds: number;
  readonly voices: number;
  readonly shards: number;
  readonly windows: number;
}

/** Counts a build and checks every file of it. @throws CallsignError `FILE_NOT_FOUND`, `MANIFEST_INVALID`, `ABORTED` */
export async function inspectBuild(
  out: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<BuildReport> {
  const index = await readBuildIndex(out);
  const damaged: string[] = [];
  const clips: ManifestClip[] = [];
  const manifest = join(out, index.manifest.path);
  if ((await sha256File(manifest).catch(() => "")) !== index.manifest.sha256)
    damaged.push(`${index.manifest.path}: not the manifest the index names`);
  for await (const clip of readManifest(manifest, { signal })) {
    clips.push(clip);
    const sha256 = await sha256File(join(out, clip.path)).catch(() => undefined);
    if (sha256 !== clip.sha256) damaged.push(`${clip.path}: ${sha256 === undefined ? "missing" : "changed"}`);
  }
  for (const shard of index.shards) {
    if (signal?.aborted) throw new CallsignError("ABORTED", "data inspect: stopped");
    const problem = await checkShard(out, shard);
    if (problem !== undefined) damaged.push(problem);
  }
  for (const features of index.features) damaged.push(...(await findMissing(features)));
  const sum = (of: (shard: ShardEntry) => number): number =>
    index.shards.reduce((total, shard) => total + of(shard), 0);
  return {
    index,
    clips: clips.length,
    seconds: secondsOf(clips),
    voices: voicesOf(clips),
    bySplit: SPLITS.map((split) => summarizeSplit(split, { clips, index })),
    byVoice: summarizeVoices(clips),
    windows: sum(({ windows }) => windows),
    labelled: Object.fromEntries(
      index.labels.map((label) => [label, sum((shard) => shard.labelled[label] ?? 0)]),
    ),
    featureSeconds: sum(({ seconds }) => seconds),
    shardBytes: sum(({ bytes }) => bytes),
    damaged,
  };
}

/** Up to `count` clips drawn by the seed, some of every kind of label. */
export async function sampleClips(
  out: string,
  { count, seed }: { readonly count: number; readonly seed: string | number },
): Promise<ManifestClip[]> {
  const index = await readBuildIndex(out);
  const groups = new Map<string, ManifestClip[]>();
  for await (const clip of readManifest(join(out, index.manifest.path))) {
    const group = clip.path.split("/")[1]!;
    const list = groups.get(group);
    if (list === undefined) groups.set(group, [clip]);
    else list.push(clip);
  }
  const shuffled = [...groups.values()].map((clips, i) => createRandom(seed).fork(i).shuffle(clips));
  const taken: ManifestClip[] = [];
  for (let turn = 0; taken.length < count && shuffled.some((clips) => clips.length > turn); turn++)
    taken.push(...shuffled.flatMap((clips) => clips.slice(turn, turn + 1)));
  return taken.slice(0, count).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Files of precomputed features that are missing, or shorter than when they were chosen. */
async function findMissing({ files, blocks, dtype }: FeatureFile): Promise<string[]> {
  const problems: string[] = [];
  for (const [i, path] of files.entries()) {
    const ends = blocks
      .filter(({ file }) => file === i)
      .map((block) => block.byte + bytesOfFrames(block.frames, dtype));
    const size = (await stat(path).catch(() => undefined))?.size;
    const needed = ends.reduce((most, end) => Math.max(most, end), 0);
    if (size === undefined || size < needed)
      problems.push(`${path}: ${size === undefined ? "missing" : "cut off"}`);
  }
  return problems;
}

async function checkShard(out: string, shard: ShardEntry): Promise<string | undefined> {
  const path = join(out, shard.path);
  if ((await sha256File(path).catch(() => "")) !== shard.sha256) return `${shard.path}: missing or changed`;
  try {
    const { windowEnd } = readShard(await readFile(path), { name: shard.path });
    return windowEnd.length === shard.windows ? undefined : `${shard.path}: ${windowEnd.length} windows`;
  } catch (error) {
    if (error instanceof CallsignError) return error.message;
    throw error;
  }
}

function summarizeSplit(
  split: string,
  { clips, index }: { clips: readonly ManifestClip[]; index: BuildIndex },
): SplitSummary {
  const own = clips.filter((clip) => clip.split === split);
  const shards = index.shards.filter((shard) => shard.split === split);
  return {
    split,
    clips: own.length,
    seconds: secondsOf(own),
    peopleSeconds: secondsOf(own.filter(isPerson)),
    voices: voicesOf(own),
    shards: shards.length,
    windows: shards.reduce((sum, { windows }) => sum + windows, 0),
  };
}

function summarizeVoices(clips: readonly ManifestClip[]): BuildReport["byVoice"] {
  const voices = new Map<string, ManifestClip[]>();
  for (const clip of clips.filter(isSpeech)) {
    const list = voices.get(clip.speaker);
    if (list === undefined) voices.set(clip.speaker, [clip]);
    else list.push(clip);
  }
  return [...voices]
    .map(([voice, of]) => ({ voice, split: of[0]!.split, clips: of.length, seconds: secondsOf(of) }))
    .toSorted((a, b) => b.clips - a.clips || (a.voice < b.voice ? -1 : 1));
}
