import type { Detector } from "../detector.ts";
import { openDetector } from "../open-detector.ts";
import type { ModelFiles } from "./model-folder.ts";
import { type LoadDetectorOptions, readEmbedding, readOneModel } from "./read-model.ts";
import { createNodeSession } from "./session.ts";

export type { LoadDetectorOptions } from "./read-model.ts";

/**
 * Loads a detector from a model's folder (`model.json` beside its graph; the path of either file means the same), or from
 * an .onnx head of openWakeWord's kind without a card. The graph and the speech embedding must be the very files the card
 * names.
 * @throws CallsignError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `CARD_INVALID`, `CARD_MISMATCH`,
 * and what `resolveAsset` throws
 */
export async function loadDetector(model: string, options: LoadDetectorOptions = {}): Promise<Detector> {
  const { createSession = createNodeSession() } = options;
  const files = await readOneModel(model, { ...options, createSession });
  return openDetector({ ...files, embedding: () => readEmbedding(files, options), createSession });
}

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
