import { join } from "node:path";

import type { Progress } from "@callsign/infer";

import type { BuildContext } from "./build-context.ts";
import { BUILD_FILES, openBuildFolder, removeOthers, sha256Of, writeJson } from "./build-folder.ts";
import { type BuildIndex, writeBuildManifest, writeIndex } from "./build-index.ts";
import { buildShards } from "./build-shards.ts";
import { collectSets } from "./collect.ts";
import { findBuildProblems, spokenNotes, throwProblems } from "./check-build.ts";
import { corpusSets } from "./corpus-sets.ts";
import { locateEmbedding } from "./feature-settings.ts";
import { recordedConfig } from "./recorded-config.ts";
import { synthesizeSets } from "./synthesize.ts";
import { decideTexts } from "./texts.ts";

/** Stages of a build in their order; each keeps what it made, and a rerun makes only what is missing. */
export const BUILD_STAGES = ["texts", "synthesize", "collect", "features"] as const;

export type BuildStage = (typeof BUILD_STAGES)[number];

/**
 * Builds feature shards from phrases and corpora, or goes on where a build was stopped or killed. The files depend on
 * the config, the seed and the recordings alone: not on the number of workers, nor on how often it was stopped.
 * Everything it needs is looked for before anything is made, and all that is missing is told at once.
 * @param options.until the last stage to run; all of them without it
 * @param options.isChecked the caller has looked for problems itself (`findBuildProblems`)
 * @returns the index; undefined where the last stage is an earlier one
 * @throws CallsignError `CONFIG_INVALID`, `FILE_NOT_FOUND`, `INVALID_ARGUMENT`, `SYNTHESIS_REJECTED`, `TOO_MANY_FAULTS`, `FILE_WRITE_FAILED`, `ABORTED`, and
 * what sources, engines and the embedding can throw
 */
export async function* buildData(
  context: BuildContext,
  {
    until = "features",
    isChecked = false,
  }: { readonly until?: BuildStage; readonly isChecked?: boolean } = {},
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
  const sets = [...synthesized, ...collected];
  const manifest = await writeBuildManifest(out, sets);
  if (embedding === undefined) return undefined;
  noteEmptySplits(context, sets);
  const shards = yield* buildShards(context, { sets, embedding, used });
  const index = await writeIndex(context, { sets, shards, embedding, manifest });
  for (const folder of ["clips", "shards", "state"]) await removeOthers(out, { folder, wanted: used });
  return index;

  /** The config as it was understood, for whoever finds the folder later. */
  async function writePlan({ identity }: BuildContext): Promise<void> {
    const resolved = recordedConfig(config);
    const plan = { formatVersion: 1, ...identity, config: resolved, configSha256: sha256Of(resolved) };
    await writeJson(join(out, BUILD_FILES.plan), plan);
  }
}

/** A split without a phrase is no error, but training will miss it. */
function noteEmptySplits(
  { config, onNote }: BuildContext,
  sets: readonly { readonly clips: readonly { readonly label: string; readonly split: string }[] }[],
): void {
  const clips = sets.flatMap((set) => set.clips);
  for (const { label } of config.labels)
    for (const [split, share] of Object.entries(config.data.splits))
      if (share > 0 && !clips.some((clip) => clip.label === label && clip.split === split))
        onNote?.(
          `no voice of split ${split} says ${JSON.stringify(label)}; more clips, engines or another seed would help`,
        );
}
