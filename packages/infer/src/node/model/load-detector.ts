import type { BareHeadOptions } from "../../model/bare-head-card.ts";
import type { Detector } from "../../detector/detector.ts";
import { CallsignError } from "@callsign/audio/internal";
import { graphFiles } from "../assets/graph-cache.ts";
import { openDetector } from "../../model/open-detector.ts";
import { checkThresholdLabels } from "../../model/sensitivity.ts";
import type { ModelFiles } from "./model-folder.ts";
import {
  type FoundModel,
  type LoadDetectorOptions,
  readEmbedding,
  readModelFiles,
  readOneModel,
} from "./read-model.ts";
import { createNodeSession } from "../runtime/session.ts";

export type { LoadDetectorOptions } from "./read-model.ts";

/** A model's path, with options of its own where it is an .onnx head without a card. */
export type ModelSource = string | { readonly path: string; readonly head?: BareHeadOptions };

/**
 * Loads a detector of one or several models: each a folder (`model.json` beside its graph; the path of either file means
 * the same), or an .onnx head of openWakeWord's kind without a card. Graphs and speech embeddings must be the very files
 * that the cards name. Models with the same front-end share its sessions.
 * @param options.head for every head without a card that has no options of its own
 * @throws CallsignError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `CARD_INVALID`, `CARD_MISMATCH`,
 * `INVALID_ARGUMENT` (two models of one name, a label that none has), and those of `resolveAsset`
 */
export async function loadDetector(
  models: ModelSource | readonly ModelSource[],
  options: LoadDetectorOptions & {
    /** Names for the heads without a card among the models, in their order; the others keep their files' names. */
    readonly headNames?: readonly string[];
  } = {},
): Promise<Detector> {
  const { createSession = createNodeSession(), headNames = [] } = options;
  const found: FoundModel[] = [];
  let named = 0;
  const nextName = (): string | undefined => headNames[named++];
  for (const source of isList(models) ? models : [models]) {
    const { path, head } = typeof source === "string" ? { path: source } : source;
    found.push(await readModelFiles(path, { ...options, createSession, nextName, ...(head && { head }) }));
  }
  if (named < headNames.length)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `got ${headNames.length} names for heads without a card, but only ${named} of the models are such heads without a name`,
    );
  checkThresholdLabels(
    found.map(({ card }) => card),
    options,
  );
  const embeddings = new Map<string, Promise<Uint8Array>>();
  const embedding = (model: FoundModel): Promise<Uint8Array> => {
    const { sha256 } = model.card.frontend.embedding;
    const bytes = embeddings.get(sha256) ?? readEmbedding(model, options);
    embeddings.set(sha256, bytes);
    return bytes;
  };
  const graphs = (model: FoundModel, read: () => Promise<Uint8Array>) =>
    graphFiles(read, {
      sha256: model.card.frontend.embedding.sha256,
      assets: options.assets,
    });
  const checked = found.map((model) => ({ ...model, isTrusted: model.hasCard }));
  return openDetector(checked, { embedding, graphs, createSession });
}

const isList = (models: ModelSource | readonly ModelSource[]): models is readonly ModelSource[] =>
  Array.isArray(models);

/**
 * The files of a model as `loadDetector` finds them: card, classifier graph and speech embedding.
 * @throws CallsignError as `loadDetector`, but for what only a session can tell
 */
export async function readModel(
  model: string,
  options: LoadDetectorOptions = {},
): Promise<ModelFiles & { readonly embedding: Uint8Array }> {
  const files = await readOneModel(model, options);
  const { card, classifier, name } = files;
  return { card, classifier, name, embedding: await readEmbedding(files, options) };
}
