import type { Detector } from "../detector.ts";
import type { DetectorSet } from "../detector-set.ts";
import { CallsignError } from "../errors.ts";
import type { ModelCard } from "../model-card.ts";
import { openDetector } from "../open-detector.ts";
import { type ModelParts, openDetectorSet } from "../open-detector-set.ts";
import { type Sensitivity, withSensitivity } from "../sensitivity.ts";
import type { SessionFactory } from "../session.ts";
import { absoluteUrl } from "./absolute-url.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { checkSha256 } from "./sha256.ts";
import { readWebModel, type WebModel } from "./web-model.ts";
import { createWebSession } from "./web-session.ts";

/** Name of a speech embedding on a model's card. */
export type EmbeddingId = ModelCard["frontend"]["embedding"]["id"];

export interface WebLoadOptions extends Sensitivity {
  /**
   * Address of the speech embedding that the cards name; for models of different embeddings one address for each, of
   * which only those needed are fetched.
   */
  readonly embedding: string | Readonly<Partial<Record<EmbeddingId, string>>>;
  /** Default `createWebSession()`. */
  readonly createSession?: SessionFactory;
  readonly signal?: AbortSignal;
  /** Receives a sentence for each thing that the user of a bare head should know. */
  readonly onNote?: (note: string) => void;
}

export interface WebDetectorOptions extends WebLoadOptions {
  readonly model: WebModel;
}

/**
 * Loads a detector in a page: fetches the model and the speech embedding and checks both against the card by sha256. It
 * runs in the thread that calls it; `WorkerDetector` keeps the page responsive.
 * @throws CallsignError `MODEL_NOT_FOUND`, `CARD_INVALID`, `CARD_MISMATCH`, `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`,
 * `SESSION_FAILED`, `DEPENDENCY_MISSING` (onnxruntime's files), `INVALID_ARGUMENT`, `ABORTED`
 */
export async function loadWebDetector(options: WebDetectorOptions): Promise<Detector> {
  const { createSession = createWebSession() } = options;
  const parts = await readParts(options.model, { ...options, createSession });
  const detector = await openDetector({
    ...parts,
    embedding: () => fetchEmbedding(parts, options),
    createSession,
  });
  return unlessAborted(detector, options.signal);
}

/**
 * Loads several models in a page. Models with the same front-end share its sessions, and each stream computes their
 * features once.
 * @throws CallsignError as `loadWebDetector`, and `INVALID_ARGUMENT` for two models of one name
 */
export async function loadWebDetectorSet(
  models: readonly WebModel[],
  options: WebLoadOptions,
): Promise<DetectorSet> {
  const { createSession = createWebSession() } = options;
  const parts = await Promise.all(models.map((model) => readParts(model, { ...options, createSession })));
  const set = await openDetectorSet(parts, {
    embedding: (model) => fetchEmbedding(model, options),
    createSession,
  });
  return unlessAborted(set, options.signal);
}

async function readParts(
  model: WebModel,
  options: WebLoadOptions & { readonly createSession: SessionFactory },
): Promise<ModelParts> {
  const { threshold, falseAlarmsPerDay, createSession, onNote } = options;
  const parts = await readWebModel(model, { createSession, onNote, ...signalOf(options) });
  const card = withSensitivity(parts.card, {
    ...(threshold !== undefined && { threshold }),
    ...(falseAlarmsPerDay !== undefined && { falseAlarmsPerDay }),
  });
  return { ...parts, card };
}

async function fetchEmbedding({ card, name }: ModelParts, options: WebLoadOptions): Promise<Uint8Array> {
  const { id, sha256 } = card.frontend.embedding;
  const { embedding } = options;
  const address = typeof embedding === "string" ? embedding : embedding[id];
  if (address === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `embedding: ${name} needs ${id}, got addresses of ${Object.keys(embedding).join(", ") || "none"}`,
    );
  const { href } = absoluteUrl(address);
  const bytes = await fetchBytes(href, signalOf(options));
  checkSha256(bytes, { name: href, sha256 });
  return bytes;
}

const signalOf = ({ signal }: WebLoadOptions): { signal?: AbortSignal } => (signal ? { signal } : {});

/** Sessions cannot be aborted while they open. */
async function unlessAborted<Loaded extends { dispose(): Promise<void> }>(
  loaded: Loaded,
  signal: AbortSignal | undefined,
): Promise<Loaded> {
  if (signal?.aborted !== true) return loaded;
  await loaded.dispose();
  throw new CallsignError("ABORTED", "loading the detector was aborted", { cause: signal.reason });
}
