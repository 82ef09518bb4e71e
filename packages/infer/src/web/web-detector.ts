import type { Detector } from "../detector.ts";
import { CallsignError } from "../errors.ts";
import { parseModelCard } from "../model-card.ts";
import { openDetector } from "../open-detector.ts";
import { type Sensitivity, withSensitivity } from "../sensitivity.ts";
import type { SessionFactory } from "../session.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { createWebSession } from "./web-session.ts";

export interface WebDetectorOptions extends Sensitivity {
  /** Address of the model's folder, with `model.json` and its graph. */
  readonly model: string;
  /** Address of the speech embedding that the card names. */
  readonly embedding: string;
  /** Default `createWebSession()`. */
  readonly createSession?: SessionFactory;
  readonly signal?: AbortSignal;
}

/**
 * Fetches a model and the embedding, checks both by sha256, and puts the detector together. It runs where it is called:
 * in a worker (`serveDetector`) the page never stutters.
 * @throws CallsignError `MODEL_NOT_FOUND`, `CARD_INVALID`, `CARD_MISMATCH`, `MODEL_INVALID`, `SESSION_FAILED`, `INVALID_ARGUMENT`
 */
export async function loadWebDetector(options: WebDetectorOptions): Promise<Detector> {
  const { createSession = createWebSession(), signal } = options;
  const folder = options.model.endsWith("/") ? options.model : `${options.model}/`;
  const cardUrl = `${folder}model.json`;
  const cardBytes = await fetchBytes(cardUrl, signal);
  const card = withSensitivity(parseModelCard(new TextDecoder().decode(cardBytes), { name: cardUrl }), {
    ...(options.threshold !== undefined && { threshold: options.threshold }),
    ...(options.falseAlarmsPerDay !== undefined && { falseAlarmsPerDay: options.falseAlarmsPerDay }),
  });
  const graphUrl = folder + card.classifier.file;
  const [graph, embedding] = await Promise.all([
    fetchBytes(graphUrl, signal),
    fetchBytes(options.embedding, signal),
  ]);
  await checkContent(graph, { url: graphUrl, sha256: card.classifier.sha256 });
  await checkContent(embedding, { url: options.embedding, sha256: card.frontend.embedding.sha256 });
  return openDetector({
    card,
    classifier: graph,
    name: graphUrl,
    embedding: () => Promise.resolve(embedding),
    createSession,
  });
}

/** @throws CallsignError `CARD_MISMATCH` */
async function checkContent(
  bytes: Uint8Array<ArrayBuffer>,
  { url, sha256 }: { readonly url: string; readonly sha256: string },
): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const got = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (got === sha256) return;
  throw new CallsignError(
    "CARD_MISMATCH",
    `${url}: the card names a file with sha256 ${sha256}, got ${bytes.length} bytes with ${got}`,
  );
}
