import { CallsignError } from "@callsign/audio/internal";
import { embeddingsOf, type Progress } from "@callsign/infer/internal";
import { SPEECH_EMBEDDING } from "@callsign/infer/node/internal";

import { blocksOf, type FeatureBlock, type FeatureFile } from "../../features/feature-file.ts";
import { createRandom } from "../../random.ts";
import {
  type FeaturesConfig,
  FRAME_SECONDS,
  type FrameRange,
  type OpenedFeatures,
  openFeatures,
} from "../../sources/features.ts";
import { partition, type Split } from "../../split.ts";
import { sha256Of } from "../../store/build-folder.ts";
import { type BuildContext, fromBase, throwIfStopped } from "../build-context.ts";
import { type FeatureSet, featureSets } from "./corpus-sets.ts";

/** Most that `split: auto` puts into validation, in hours, since training scores all of it after every epoch. */
const MAX_VALIDATION_HOURS = 10;

/**
 * Chooses blocks of precomputed features, downloads those on a hub, and returns where they lie.
 * @throws CallsignError as `checkFeatureSet`
 */
export async function* locateFeatures(context: BuildContext): AsyncGenerator<Progress, FeatureFile[]> {
  const found: FeatureFile[] = [];
  for (const set of featureSets(context)) {
    const opened = await openFeatureSet(context, set);
    const chosen = chooseBlocks(opened, set);
    const splits = splitBlocks(context, { set, opened, chosen });
    if (set.source.hours === undefined) await opened.fetchWhole();
    const files: string[] = [];
    const blocks: FeatureBlock[] = [];
    for (const [i, range] of chosen.entries()) {
      throwIfStopped(context, "collect");
      const { path, byte } = await opened.fetch(range);
      if (files.at(-1) !== path) files.push(path);
      blocks.push({ split: splits[i]!, file: files.length - 1, byte, frames: range.frames });
      yield { stage: "collect", done: i + 1, total: chosen.length, unit: "blocks", note: set.id };
    }
    const { dtype, framesPerRow, origin } = opened;
    found.push({
      id: set.id,
      source: nameOf(set, opened),
      licence: set.source.licence,
      origin,
      dtype,
      ...(framesPerRow !== undefined && { framesPerRow }),
      sha256: sha256Of({ content: await opened.identity(), dtype, framesPerRow, chosen, splits }),
      files,
      blocks,
    });
  }
  return found;
}

/** Length of the chosen features, in seconds. */
export const featureSeconds = (blocks: readonly Pick<FeatureBlock, "frames">[]): number =>
  blocks.reduce((sum, { frames }) => sum + frames, 0) * FRAME_SECONDS;

/** Length of the features that a build would use, in seconds. @throws CallsignError as `checkFeatureSet` */
export async function plannedFeatureSeconds(context: BuildContext, set: FeatureSet): Promise<number> {
  return featureSeconds(chooseBlocks(await openFeatureSet(context, set), set));
}

/**
 * Checks that precomputed features fit the detector: computed with the same embedding, and with rows as long as its window.
 * @throws CallsignError `CONFIG_INVALID`, `FEATURES_INVALID`, `FILE_NOT_FOUND`, and what a hub can throw
 */
export async function checkFeatureSet(
  context: BuildContext,
  { set, embeddingSha256 }: { readonly set: FeatureSet; readonly embeddingSha256: string },
): Promise<void> {
  if (embeddingSha256 !== SPEECH_EMBEDDING.sha256)
    throw new CallsignError(
      "CONFIG_INVALID",
      `data: ${set.id} (kind features): precomputed features are of ${SPEECH_EMBEDDING.id}, but this detector's embedding is ` +
        `another (${context.config.frontend.embedding}), whose values mean something else; set frontend.embedding to ` +
        `${SPEECH_EMBEDDING.id}, or remove them`,
    );
  const { name, framesPerRow } = await openFeatureSet(context, set);
  if (framesPerRow === undefined) return;
  const embeddings = embeddingsOf(context.config.windowing);
  if (embeddings > framesPerRow)
    throw new CallsignError(
      "CONFIG_INVALID",
      `${name}: its rows have ${framesPerRow} consecutive embeddings, but a window of this detector reads ${embeddings}; ` +
        `set windowing.embeddings to at most ${framesPerRow}, or remove it`,
    );
  if (set.split === "validation")
    throw new CallsignError(
      "CONFIG_INVALID",
      `${name}: split validation counts false accepts over consecutive windows, and rows of ${framesPerRow} embeddings have ` +
        `${embeddings === framesPerRow ? "one window" : "few windows"} each; use a file of consecutive embeddings [n, 96], or split: train`,
    );
}

const openFeatureSet = (context: BuildContext, { source }: FeatureSet): Promise<OpenedFeatures> =>
  openFeatures(located(context, source), context);

const located = (context: BuildContext, source: FeaturesConfig): FeaturesConfig =>
  source.path === undefined ? source : { ...source, path: fromBase(source.path, context) };

/** A seeded choice of blocks, in the order of the file. */
function chooseBlocks(opened: OpenedFeatures, { source: { hours, seed } }: FeatureSet): FrameRange[] {
  const all = blocksOf(opened);
  if (hours === undefined) return all;
  const wanted = (hours * 3600) / FRAME_SECONDS;
  let frames = 0;
  const order = createRandom(seed)
    .fork("features")
    .shuffle([...all.keys()]);
  const taken = order.filter((block) => {
    const isTaken = frames < wanted;
    if (isTaken) frames += all[block]!.frames;
    return isTaken;
  });
  return taken.toSorted((a, b) => a - b).map((block) => all[block]!);
}

function splitBlocks(
  { config }: BuildContext,
  {
    set: { id, split },
    opened,
    chosen,
  }: { readonly set: FeatureSet; readonly opened: OpenedFeatures; readonly chosen: readonly FrameRange[] },
): Split[] {
  if (split !== "auto") return chosen.map(() => split);
  // Single windows cannot be scored as a stream.
  if (opened.framesPerRow !== undefined) return chosen.map(() => "train");
  const limit = (MAX_VALIDATION_HOURS * 3600) / featureSeconds(chosen);
  const validation = Math.min(config.data.splits.people, limit);
  const parts = partition(
    chosen.map(({ begin }) => String(begin)),
    { seed: `${config.seed}/${id}`, shares: { train: 1 - validation, validation } },
  );
  return chosen.map(({ begin }) => parts.get(String(begin))!);
}

const nameOf = ({ source }: FeatureSet, { origin }: OpenedFeatures): string =>
  source.name ??
  ("repository" in origin ? `${origin.repository}/${origin.file}` : origin.path.split(/[/\\]/).at(-1)!);
