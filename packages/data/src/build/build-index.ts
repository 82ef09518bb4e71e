import { stat } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { type ChosenEmbedding, writeFileAtomic } from "@callsign/infer/node/internal";
import * as z from "zod";

import { type ManifestClip, writeManifest } from "../store/manifest.ts";
import type { BuildContext } from "./build-context.ts";
import { BUILD_FILES, readJson, writeJson } from "../store/build-folder.ts";
import type { FeatureFile } from "../features/feature-file.ts";
import type { ShardEntry } from "../features/write-shard.ts";
import { featureSeconds } from "./stages/feature-files.ts";
import { type ClipKind, type CollectedSet, secondsOf, voicesOf } from "../store/clip-set.ts";
import type { LeftOut } from "../store/left-out.ts";
import { featureSettings, settingsSha256 } from "../features/feature-settings.ts";

/** Content of index.json: the files of a build and what they hold. */
export interface BuildIndex {
  readonly formatVersion: 2;
  readonly name: string;
  readonly tool: { readonly tool: string; readonly version: string; readonly gitCommit?: string };
  readonly seed: string;
  readonly labels: readonly string[];
  readonly windowing: unknown;
  readonly frontend: { readonly id: string; readonly floor: string; readonly embeddingSha256: string };
  readonly configSha256: string;
  readonly manifest: { readonly path: string; readonly sha256: string; readonly clips: number };
  readonly sets: readonly SetSummary[];
  readonly shards: readonly ShardEntry[];
  /** Precomputed features that training reads beside the shards. */
  readonly features: readonly FeatureFile[];
  readonly licences: readonly LicenceSummary[];
}

/** Clips of one folder. */
export interface SetSummary {
  readonly id: string;
  readonly kind: ClipKind;
  readonly clips: number;
  readonly seconds: number;
  readonly speakers: number;
  readonly attempts?: number;
  readonly rejected?: Readonly<Record<string, number>>;
  readonly leftOut?: readonly LeftOut[];
}

/** Clips of one source under one licence. */
export interface LicenceSummary {
  readonly source: string;
  readonly licence: string;
  readonly clips: number;
  readonly seconds: number;
  readonly speakers: number;
}

interface Finished {
  readonly features: readonly FeatureFile[];
  readonly sets: readonly CollectedSet[];
  readonly shards: readonly ShardEntry[];
  readonly embedding: ChosenEmbedding;
  readonly manifest: BuildIndex["manifest"];
}

/** Writes index.json and SOURCES.md. */
export async function writeIndex(context: BuildContext, finished: Finished): Promise<BuildIndex> {
  const { config, out, identity } = context;
  const { sets, features, shards, embedding, manifest } = finished;
  const settings = featureSettings(config, embedding);
  const index: BuildIndex = {
    formatVersion: 2,
    name: config.name,
    tool: identity,
    seed: settings.seed,
    labels: settings.labels,
    windowing: settings.windowing,
    frontend: { id: settings.frontend, floor: settings.floor, embeddingSha256: embedding.sha256 },
    configSha256: settingsSha256(settings),
    manifest,
    sets: [...sets.map(summarizeSet), ...features.map(summarizeFeatures)],
    shards,
    features,
    licences: [...summarizeLicences(sets.flatMap(({ clips }) => clips)), ...features.map(featureLicence)],
  };
  await writeFileAtomic(join(out, BUILD_FILES.sources), formatSources(index));
  await writeJson(join(out, BUILD_FILES.index), index);
  return index;
}

/** Reads index.json. @throws CallsignError `FILE_NOT_FOUND`, `MANIFEST_INVALID` */
export async function readBuildIndex(out: string): Promise<BuildIndex> {
  const path = join(out, BUILD_FILES.index);
  const again = `run: callsign data build --config FILE --out ${out}`;
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (!isThere) throw new CallsignError("FILE_NOT_FOUND", `${path}: no finished build here; ${again}`);
  const found = await readJson(path);
  if (!isIndex.safeParse(found).success)
    throw new CallsignError(
      "MANIFEST_INVALID",
      `${path}: expected an index of format 2, got a damaged one or another format; what is made is kept, ${again}`,
    );
  return found as BuildIndex;
}

/** Fields of an index that readers rely on. */
const isIndex = z.looseObject({
  formatVersion: z.literal(2),
  labels: z.array(z.string()),
  manifest: z.looseObject({ path: z.string(), sha256: z.string() }),
  frontend: z.looseObject({ embeddingSha256: z.string() }),
  sets: z.array(z.looseObject({ id: z.string(), clips: z.number() })),
  shards: z.array(z.looseObject({ path: z.string(), sha256: z.string(), windows: z.number() })),
  features: z.array(z.looseObject({ id: z.string(), sha256: z.string(), blocks: z.array(z.unknown()) })),
  licences: z.array(z.looseObject({ source: z.string() })),
});

/**
 * Writes the manifest of all clips.
 * @throws CallsignError `CONFIG_INVALID` where one speaker would be in two splits
 */
export async function writeBuildManifest(
  out: string,
  sets: readonly CollectedSet[],
): Promise<BuildIndex["manifest"]> {
  const clips = sets.flatMap((set) => set.clips);
  const splits = new Map<string, ManifestClip>();
  for (const clip of clips) {
    const other = splits.get(clip.speaker) ?? clip;
    splits.set(clip.speaker, other);
    if (other.split !== clip.split)
      throw new CallsignError(
        "CONFIG_INVALID",
        `data: speaker ${JSON.stringify(clip.speaker)} is in ${other.split} (${other.path}) and in ${clip.split} ` +
          `(${clip.path}); give both sources the same split`,
      );
  }
  return { path: BUILD_FILES.manifest, ...(await writeManifest(join(out, BUILD_FILES.manifest), clips)) };
}

function summarizeSet({ clips, clean: _clean, copies: _copies, ...set }: CollectedSet): SetSummary {
  return { ...set, clips: clips.length, seconds: secondsOf(clips), speakers: voicesOf(clips) };
}

const summarizeFeatures = ({ id, blocks }: FeatureFile): SetSummary => ({
  id,
  kind: "corpus",
  clips: 0,
  seconds: featureSeconds(blocks),
  speakers: 0,
});

const featureLicence = ({ source, licence, blocks }: FeatureFile): LicenceSummary => ({
  source,
  licence,
  clips: 0,
  seconds: featureSeconds(blocks),
  speakers: 0,
});

function summarizeLicences(clips: readonly ManifestClip[]): LicenceSummary[] {
  const groups = new Map<string, ManifestClip[]>();
  for (const clip of clips) {
    const key = JSON.stringify([clip.source, clip.licence]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [clip]);
    else group.push(clip);
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, of]) => ({
      source: of[0]!.source,
      licence: of[0]!.licence,
      clips: of.length,
      seconds: secondsOf(of),
      speakers: voicesOf(of),
    }));
}

function formatSources({ name, licences }: BuildIndex): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = licences.map(
    ({ source, licence, clips, seconds, speakers }) =>
      `| ${cell(source)} | ${cell(licence)} | ${clips} | ${(seconds / 60).toFixed(1)} | ${speakers} |`,
  );
  return [
    `# Where the data of ${name} comes from`,
    "",
    "Every clip's own source, licence and speaker are in `manifest.jsonl`. A source without clips is of precomputed features.",
    "",
    "| source | licence | clips | minutes | voices |",
    "|---|---|--:|--:|--:|",
    ...rows,
    "",
  ].join("\n");
}
