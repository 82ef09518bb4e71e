import type { BareHeadOptions } from "../../model/bare-head-card.ts";
import type { Detector } from "../../detector/detector.ts";
import { CallsignError } from "@callsign/audio/internal";
import { graphFiles } from "../assets/graph-cache.ts";
import { openDetector } from "../../model/open-detector.ts";
import { checkThresholdLabels } from "../../model/sensitivity.ts";
import type { ModelFiles } from "./model-folder.ts";
import { type FoundModel, type LoadDetectorOptions, readEmbedding, readModelFiles } from "./read-model.ts";
import { createNodeSession } from "../runtime/session.ts";

export type { LoadDetectorOptions } from "./read-model.ts";

/** Path of a model or name of a ready word, with options for an .onnx head without a card. */
export type ModelSource = string | { readonly path: string; readonly head?: BareHeadOptions };

/**
 * Loads a detector of one or several models. A model is a folder with `model.json` and its graph, given by the path of the
 * folder or of either file, an .onnx head without a card, as trained by openWakeWord, or the name of a ready word of the optional
 * package @callsign/words, such as "computer"; a file or folder of that name comes first. Graphs and speech embeddings must
 * have the sha256 of the cards. Models with the same front-end share its sessions.
 * @param options.head settings of heads without a card that have none of their own
 * @throws CallsignError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `CARD_INVALID`, `CARD_MISMATCH`,
 * `INVALID_ARGUMENT` (duplicate names, an unknown label), and errors of `resolveAsset`
 */
export async function loadDetector(
  models: ModelSource | readonly ModelSource[],
  options: LoadDetectorOptions & {
    /** Names of the heads without a card, in order; further heads are named after their files. */
    readonly headNames?: readonly string[];
  } = {},
): Promise<Detector> {
  const { createSession = createNodeSession(), headNames = [] } = options;
  const found: FoundModel[] = [];
  let named = 0;
  const nextName = (): string | undefined => headNames[named++];
  for (const source of [models].flat()) {
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

/**
 * Reads the files of a model like `loadDetector`: card, classifier graph and speech embedding.
 * @throws CallsignError as `loadDetector`, except errors of sessions
 */
export async function readModel(
  model: string,
  options: LoadDetectorOptions = {},
): Promise<ModelFiles & { readonly embedding: Uint8Array }> {
  const files = await readModelFiles(model, options);
  checkThresholdLabels([files.card], options);
  const { card, classifier, name } = files;
  return { card, classifier, name, embedding: await readEmbedding(files, options) };
}
