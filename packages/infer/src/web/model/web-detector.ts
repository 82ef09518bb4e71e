import type { Detector } from "../../detector/detector.ts";
import { CallsignError } from "@callsign/audio/internal";
import { derivedGraphs, type GraphSource } from "../../frontend/frontend-graphs.ts";
import { shippedGraph } from "../../frontend/shipped-graphs.ts";
import type { ModelCard } from "../../model/model-card.ts";
import { type ModelParts, openDetector } from "../../model/open-detector.ts";
import { checkThresholdLabels, type Sensitivity, withSensitivity } from "../../model/sensitivity.ts";
import type { SessionFactory } from "../../runtime/session.ts";
import { absoluteUrl } from "./absolute-url.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { checkSha256 } from "./sha256.ts";
import { readWebModel, type WebModel } from "./web-model.ts";
import { createWebSession } from "../runtime/web-session.ts";

/** Identifier of a speech embedding, as on a model card. */
export type EmbeddingId = ModelCard["frontend"]["embedding"]["id"];

export interface WebLoadOptions extends Sensitivity {
  /**
   * URL of the speech embedding, or one URL per embedding for models with different ones; only those needed are fetched. Default
   * `callsign-embedding.onnx` or `google-speech-embedding.onnx` in the folder of the first model that needs it.
   */
  readonly embedding?: string | Readonly<Partial<Record<EmbeddingId, string>>>;
  /**
   * URL of the folder `@callsign/infer/assets/graphs/`. Models with Callsign's embedding then fetch its derived graphs instead of
   * the embedding and the code that derives them.
   */
  readonly graphs?: string;
  /** Default `createWebSession()`. */
  readonly createSession?: SessionFactory;
  readonly signal?: AbortSignal;
  /** Receives notes on heads without a card, one sentence each. */
  readonly onNote?: (note: string) => void;
}

/**
 * Loads a detector of one or several models in the browser: fetches models and speech embedding and checks their sha256.
 * Models with the same front-end share its sessions. The detector runs in the calling thread; `WorkerDetector` runs it in a
 * worker, which keeps the page responsive.
 * @throws CallsignError `MODEL_NOT_FOUND`, `CARD_INVALID`, `CARD_MISMATCH`, `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`,
 * `SESSION_FAILED`, `DEPENDENCY_MISSING` (onnxruntime's files), `INVALID_ARGUMENT`, `ABORTED`
 */
export async function loadWebDetector(
  models: WebModel | readonly WebModel[],
  options: WebLoadOptions,
): Promise<Detector> {
  const { createSession = createWebSession() } = options;
  const sources = [models].flat();
  const parts = await Promise.all(sources.map((model) => readParts(model, { ...options, createSession })));
  checkThresholdLabels(
    parts.map(({ card }) => card),
    options,
  );
  const detector = await openDetector(parts, {
    embedding: (model) => fetchEmbedding(model, options),
    graphs: (model, embedding) => fetchedGraphs(model, { ...options, derived: derivedGraphs(embedding) }),
    createSession,
  });
  if (options.signal?.aborted !== true) return detector;
  // Sessions cannot be aborted while they open.
  await detector.dispose();
  throw new CallsignError("ABORTED", "loading the detector was aborted", { cause: options.signal.reason });
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
  if (embedding === undefined && !URL.canParse(name))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `embedding: expected the address of ${id} for ${name}, got none`,
    );
  const address =
    embedding === undefined
      ? new URL(`${id}.onnx`, name)
      : typeof embedding === "string"
        ? embedding
        : embedding[id];
  if (address === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `embedding: ${name} needs ${id}, got addresses of ${Object.keys(embedding!).join(", ") || "none"}`,
    );
  const { href } = absoluteUrl(address);
  const bytes = await fetchBytes(href, signalOf(options));
  checkSha256(bytes, { name: href, sha256 });
  return bytes;
}

/** The shipped graphs, from `options.graphs`; any other is derived here. */
function fetchedGraphs(
  model: ModelParts,
  options: WebLoadOptions & { readonly derived: GraphSource },
): GraphSource {
  const { graphs, derived } = options;
  return async (graph) => {
    const shipped =
      graphs === undefined ? undefined : shippedGraph(graph, model.card.frontend.embedding.sha256);
    if (shipped === undefined || graphs === undefined) return derived(graph);
    const folder = absoluteUrl(graphs.endsWith("/") ? graphs : `${graphs}/`);
    const { href } = new URL(shipped.file.split("/").at(-1)!, folder);
    const bytes = await fetchBytes(href, signalOf(options));
    checkSha256(bytes, { name: href, sha256: shipped.sha256 });
    return bytes;
  };
}

const signalOf = ({ signal }: WebLoadOptions): { signal?: AbortSignal } => (signal ? { signal } : {});
