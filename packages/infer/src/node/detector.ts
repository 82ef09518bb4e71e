import { readFile } from "node:fs/promises";
import type { Detector } from "../detector.ts";
import { CallsignError } from "../errors.ts";
import { type AudioCopy, audioCopiesSchema, type ModelCard } from "../model-card.ts";
import { openDetector } from "../open-detector.ts";
import { withSensitivity } from "../sensitivity.ts";
import type { SessionFactory } from "../session.ts";
import { parseStrict } from "../strict-schema.ts";
import { type AssetOptions, resolveAsset } from "./assets.ts";
import { type BareHeadOptions, readBareHead } from "./bare-head.ts";
import { knownEmbedding } from "./choose-embedding.ts";
import { type ModelFiles, readModelFolder } from "./model-folder.ts";
import { createNodeSession } from "./session.ts";
import { sha256Hex } from "./sha256.ts";

export interface LoadDetectorOptions {
  /** Default `createNodeSession()`: one thread of the CPU. */
  readonly createSession?: SessionFactory;
  /** The speech embedding's file; default where `resolveAsset` finds it. */
  readonly embeddingPath?: string;
  /** The speech embedding's bytes, for bundles that include them; nothing is read then. */
  readonly embedding?: Uint8Array;
  /** For every label, instead of the card's own thresholds. */
  readonly threshold?: number;
  /** Instead of a threshold: the thresholds at which the card's curve has so many false alarms a day. */
  readonly falseAlarmsPerDay?: number;
  /** Copies of the audio whose scores are averaged, instead of the card's own. */
  readonly testTimeAugmentation?: readonly AudioCopy[];
  /** How the speech embedding is looked for and downloaded. */
  readonly assets?: Omit<AssetOptions, "path">;
  /** For an .onnx file without a card. */
  readonly head?: BareHeadOptions;
}

/**
 * Loads a detector from a model's folder (`model.json` beside its graph), or from an .onnx head of openWakeWord's kind
 * without a card. The graph and the speech embedding must be the very files the card names.
 * @throws CallsignError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `CARD_INVALID`, `CARD_MISMATCH`,
 * and what `resolveAsset` throws
 */
export async function loadDetector(model: string, options: LoadDetectorOptions = {}): Promise<Detector> {
  const { createSession = createNodeSession() } = options;
  const { card, name, classifier } = await readModelFiles(model, options);
  const embedding = (): Promise<Uint8Array> => readEmbedding(card, { ...options, name });
  return openDetector({ card, name, classifier, embedding, createSession });
}

/**
 * The files of a model as `loadDetector` finds them: card, classifier graph and speech embedding.
 * @throws CallsignError as `loadDetector`, but for what only a session can tell
 */
export async function readModel(
  model: string,
  options: LoadDetectorOptions = {},
): Promise<ModelFiles & { readonly embedding: Uint8Array }> {
  const files = await readModelFiles(model, options);
  return { ...files, embedding: await readEmbedding(files.card, { ...options, name: files.name }) };
}

async function readModelFiles(model: string, options: LoadDetectorOptions): Promise<ModelFiles> {
  const files = model.endsWith(".onnx")
    ? await readBareHead(model, options.head)
    : await readModelFolder(model);
  const card = withSensitivity(files.card, options);
  const { testTimeAugmentation } = options;
  if (testTimeAugmentation === undefined) return { ...files, card };
  const copies = parseStrict(audioCopiesSchema, testTimeAugmentation, {
    name: "testTimeAugmentation",
    code: "INVALID_ARGUMENT",
  });
  return { ...files, card: { ...card, testTimeAugmentation: copies } };
}

/** The bytes of the embedding that the card names, from wherever they are. */
async function readEmbedding(
  card: ModelCard,
  { embedding, embeddingPath, assets, name }: LoadDetectorOptions & { readonly name: string },
): Promise<Uint8Array> {
  const { id, sha256 } = card.frontend.embedding;
  const bytes =
    embedding ?? (embeddingPath === undefined ? undefined : await readEmbeddingFile(embeddingPath));
  if (bytes !== undefined) {
    const got = sha256Hex(bytes);
    if (got === sha256) return bytes;
    const where = embedding === undefined ? embeddingPath : "bytes";
    throw embeddingMismatch(name, `${id} with sha256 ${sha256}`, `${where} with ${got}`);
  }
  const asset = knownEmbedding(sha256);
  if (asset?.id !== id)
    throw embeddingMismatch(
      name,
      `${id} with sha256 ${sha256}`,
      "a Callsign that knows google-speech-embedding and callsign-embedding by other contents; give the file explicitly",
    );
  return readFile(await resolveAsset(asset, assets));
}

async function readEmbeddingFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const message = `${path}: cannot read the speech embedding: ${String(cause)}`;
    throw new CallsignError("FILE_NOT_FOUND", message, { cause });
  }
}

function embeddingMismatch(name: string, wanted: string, got: string): CallsignError {
  return new CallsignError(
    "CARD_MISMATCH",
    `${name}: the card was trained with embedding ${wanted}, got ${got}`,
  );
}
