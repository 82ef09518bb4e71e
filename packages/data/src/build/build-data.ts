import { join } from "node:path";

import type { Progress } from "@callsign/infer/internal";

import { BUILD_STAGES, type BuildContext, type BuildStage } from "./build-context.ts";
import { BUILD_FILES, openBuildFolder, removeOthers, sha256Of, writeJson } from "../store/build-folder.ts";
import { type BuildIndex, writeBuildManifest, writeIndex } from "./build-index.ts";
import { buildShards } from "./stages/features.ts";
import { collectSets } from "./stages/collect.ts";
import { findBuildProblems, spokenNotes, throwProblems } from "./check/check-build.ts";
import { corpusSets } from "./stages/corpus-sets.ts";
import { featureSeconds, locateFeatures } from "./stages/feature-files.ts";
import { locateEmbedding } from "./locate-models.ts";
import type { FeatureFile } from "../features/feature-file.ts";
import { SPLITS } from "../split.ts";
import { type CollectedSet, PEOPLE, secondsOf } from "../store/clip-set.ts";
import { recordedConfig } from "../store/recorded-config.ts";
import { synthesizeSets } from "./stages/synthesize.ts";
import { decideTexts } from "./stages/texts.ts";

/**
 * Builds feature shards from phrases and corpora, or continues a build that was stopped or killed. The files depend only on
 * the config, the seed and the recordings, not on the number of workers or interruptions. Inputs are checked before anything is
 * made, and one error lists everything that is missing.
 * @returns the index; undefined if `until` is an earlier stage
 * @throws CallsignError `CONFIG_INVALID`, `FILE_NOT_FOUND`, `INVALID_ARGUMENT`, `SYNTHESIS_REJECTED`, `TOO_MANY_FAULTS`, `FILE_WRITE_FAILED`, `ABORTED`, and
 * what sources, engines and the embedding can throw
 */
export async function* buildData(
  context: BuildContext,
  {
    until = "features",
    isChecked = false,
  }: {
    /** Last stage to run. Default: all of them. */
    readonly until?: BuildStage;
    /** True if the caller has called `findBuildProblems` itself. */
    readonly isChecked?: boolean;
  } = {},
): AsyncGenerator<Progress, BuildIndex | undefined> {
  const { out, config } = context;
  const last = BUILD_STAGES.indexOf(until);
  if (!isChecked) throwProblems(await findBuildProblems(context, { until }));
  const corpora = corpusSets(context);
  await openBuildFolder(out, context);
  for (const note of spokenNotes(config.labels.flatMap(({ phrases }) => phrases))) context.onNote?.(note);
  const embedding = last === BUILD_STAGES.indexOf("features") ? await locateEmbedding(context) : undefined;
  await writePlan(context);
  const spoken = await decideTexts(context);
  yield { stage: "texts", done: spoken.length, total: spoken.length, unit: "sets" };
  if (last < BUILD_STAGES.indexOf("synthesize")) return undefined;
  const used = new Set<string>();
  const synthesized = yield* synthesizeSets(context, { sets: spoken, used });
  if (last < BUILD_STAGES.indexOf("collect")) return undefined;
  const collected = yield* collectSets(context, { sets: corpora, used });
  const features = yield* locateFeatures(context);
  notePeople(context, { sets: collected, features });
  const sets = [...synthesized, ...collected];
  const manifest = await writeBuildManifest(out, sets);
  if (embedding === undefined) return undefined;
  noteEmptySplits(context, sets);
  const shards = yield* buildShards(context, { sets, embedding, used });
  const index = await writeIndex(context, { sets, features, shards, embedding, manifest });
  for (const folder of ["clips", "shards", "state"]) await removeOthers(out, { folder, wanted: used });
  return index;

  /** Writes the resolved config. */
  async function writePlan({ identity }: BuildContext): Promise<void> {
    const resolved = recordedConfig(config);
    const plan = { formatVersion: 1, ...identity, config: resolved, configSha256: sha256Of(resolved) };
    await writeJson(join(out, BUILD_FILES.plan), plan);
  }
}

/** Notes the length of people's recordings in each split: without any in validation, the threshold is chosen on synthetic voices. */
function notePeople(
  { onNote }: BuildContext,
  { sets, features }: { readonly sets: readonly CollectedSet[]; readonly features: readonly FeatureFile[] },
): void {
  const clips = sets.filter(({ kind }) => PEOPLE.has(kind)).flatMap((set) => set.clips);
  const blocks = features.flatMap((file) => file.blocks);
  if (clips.length + blocks.length === 0) return;
  const [train, validation] = SPLITS.map(
    (split) =>
      (secondsOf(clips.filter((clip) => clip.split === split)) +
        featureSeconds(blocks.filter((block) => block.split === split))) /
      60,
  );
  onNote?.(
    `people: ${train!.toFixed(1)} minutes in train, ${validation!.toFixed(1)} in validation` +
      (validation === 0
        ? "; epoch and threshold are chosen on synthetic voices only. Give several recordings or speakers"
        : ""),
  );
}

/** Notes splits without a phrase: no error here, but training needs them. */
function noteEmptySplits({ config, onNote }: BuildContext, sets: readonly CollectedSet[]): void {
  const clips = sets.flatMap((set) => set.clips);
  for (const { label } of config.labels)
    for (const split of SPLITS)
      if (
        config.data.splits[split] > 0 &&
        !clips.some((clip) => clip.label === label && clip.split === split)
      )
        onNote?.(
          `no voice of split ${split} says ${JSON.stringify(label)}; more clips, engines or another seed would help`,
        );
}
