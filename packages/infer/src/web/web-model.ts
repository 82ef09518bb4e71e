import { type BareHeadOptions, describeBareHead } from "../bare-head-card.ts";
import { CallsignError } from "../errors.ts";
import { type ModelCard, parseModelCard } from "../model-card.ts";
import type { ModelParts } from "../open-detector-set.ts";
import type { SessionFactory } from "../session.ts";
import { absoluteUrl } from "./absolute-url.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { checkSha256, sha256Hex } from "./sha256.ts";

/** A model for the page: its address, or more about it. */
export type WebModel = string | WebModelSource;

export interface WebModelSource {
  /**
   * Address of the model's folder (`model.json` beside its graph) or of its .onnx file. An .onnx file without a card is
   * read as a bare head of openWakeWord's kind.
   */
  readonly url: string;
  /** Content of the .onnx file, such as one that the user picked. Then nothing is fetched, and `url` is its name. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** The model's card, instead of the `model.json` beside its graph. */
  readonly card?: ModelCard;
  /** What a bare head leaves open: name, labels, thresholds. With it, no card is looked for. */
  readonly head?: BareHeadOptions;
}

export interface ReadWebModelOptions {
  /** Reads the shapes of a bare head. */
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal;
  /** Receives a sentence for each thing that the user of a bare head should know. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * Card and graph of a model, checked against each other by sha256.
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
    /** Address or name, for messages. */
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
  return { card, classifier, name };
}

async function fetchCard(url: string, options: { readonly signal?: AbortSignal }): Promise<ModelCard> {
  const json = new TextDecoder().decode(await fetchBytes(url, options));
  return parseModelCard(json, { name: url });
}

/** The card beside an .onnx file, where there is one that names this file. */
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
    // No such file, or one that is no card: other tools call theirs model.json, too.
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof CallsignError && error.code === "MODEL_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Address of a file in the same folder, with the same query: it may carry a signature. */
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
