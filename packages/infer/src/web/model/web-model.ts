import { type BareHeadOptions, describeBareHead } from "../../model/bare-head-card.ts";
import { CallsignError } from "@callsign/audio/internal";
import { type ModelCard, parseModelCard } from "../../model/model-card.ts";
import type { ModelParts } from "../../model/open-detector.ts";
import type { SessionFactory } from "../../runtime/session.ts";
import { absoluteUrl } from "./absolute-url.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { checkSha256, sha256Hex } from "./sha256.ts";

/** Model in the browser: its URL, or a description. */
export type WebModel = string | WebModelSource;

export interface WebModelSource {
  /** URL of the model's folder, with `model.json` and its graph, or of its .onnx file. A file without a card is read as a head of openWakeWord. */
  readonly url: string;
  /** Content of the .onnx file, such as one selected by the user; `url` is then its name and is not fetched. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Model card, which replaces `model.json`. */
  readonly card?: ModelCard;
  /** Settings of a head without a card; no card is fetched then. */
  readonly head?: BareHeadOptions;
}

export interface ReadWebModelOptions {
  /** Used to read the shapes of a head without a card. */
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal;
  /** Receives notes on a head without a card, one sentence each. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * Fetches card and graph of a model and checks the sha256 of the graph.
 * @throws CallsignError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `CARD_INVALID`, `CARD_MISMATCH`, `ABORTED`
 */
export async function readWebModel(
  model: WebModel,
  { createSession, onNote, ...options }: ReadWebModelOptions,
): Promise<ModelParts> {
  const source: WebModelSource = typeof model === "string" ? { url: model } : model;
  const { url, bytes, head } = source;
  if (bytes !== undefined)
    return toParts(bytes, { ...source, name: url, fileName: url, createSession, onNote });
  const address = absoluteUrl(url);
  if (address.pathname.endsWith(".onnx")) {
    const card = source.card ?? (head ? undefined : await findCardOf(address, options));
    const name = address.href;
    const fileName = fileNameOf(address);
    return toParts(await fetchBytes(name, options), { name, fileName, card, head, createSession, onNote });
  }
  if (!address.pathname.endsWith("/")) address.pathname += "/";
  const card = source.card ?? (await fetchCard(beside(address, CARD_FILE), options));
  const fileName = card.classifier.file;
  const name = beside(address, fileName);
  return toParts(await fetchBytes(name, options), { name, fileName, card, head, createSession });
}

const CARD_FILE = "model.json";

async function toParts(
  classifier: Uint8Array,
  source: {
    /** URL or name, for messages. */
    readonly name: string;
    readonly fileName: string;
    readonly card?: ModelCard | undefined;
    readonly head?: BareHeadOptions | undefined;
    readonly createSession: SessionFactory;
    readonly onNote?: ReadWebModelOptions["onNote"];
  },
): Promise<ModelParts> {
  const { name, fileName, card, head, createSession } = source;
  if (card === undefined) {
    const bare = await describeBareHead(classifier, {
      ...head,
      fileName,
      path: name,
      sha256: sha256Hex(classifier),
      createSession,
    });
    for (const note of bare.notes) source.onNote?.(note);
    return { card: bare.card, classifier, name };
  }
  if (head !== undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${name}: head is for an .onnx file without a card; this model has one, change labels and thresholds there`,
    );
  checkSha256(classifier, { name, sha256: card.classifier.sha256 });
  return { card, classifier, name, isTrusted: true };
}

async function fetchCard(url: string, options: { readonly signal?: AbortSignal }): Promise<ModelCard> {
  const json = new TextDecoder().decode(await fetchBytes(url, options));
  return parseModelCard(json, { name: url });
}

/** Fetches the card in the folder of an .onnx file; undefined if there is none or it names another file. */
async function findCardOf(
  graph: URL,
  options: { readonly signal?: AbortSignal },
): Promise<ModelCard | undefined> {
  const url = beside(graph, CARD_FILE);
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(await fetchBytes(url, options)));
    const file = (json as { classifier?: { file?: unknown } } | null)?.classifier?.file;
    if (file !== fileNameOf(graph)) return undefined;
    return parseModelCard(json, { name: url });
  } catch (error) {
    // No such file, or not a card: other tools also use the name model.json.
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof CallsignError && error.code === "MODEL_NOT_FOUND") return undefined;
    throw error;
  }
}

/** URL of a file in the same folder, with the same query, which may contain a signature. */
function beside(address: URL, file: string): string {
  const url = new URL(encodeURIComponent(file), address);
  url.search = address.search;
  return url.href;
}

function fileNameOf({ pathname }: URL): string {
  const last = pathname.split("/").at(-1)!;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
