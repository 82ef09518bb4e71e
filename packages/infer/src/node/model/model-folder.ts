import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { CallsignError } from "@callsign/audio/internal";
import { type ModelCard, parseModelCard } from "../../model/model-card.ts";
import { errorCode } from "@callsign/audio/node/internal";
import { sha256Hex } from "../files/sha256.ts";
import { findReadyWord } from "./ready-words.ts";

/** File name of the card in a model's folder. */
export const MODEL_CARD_FILE = "model.json";

/** Card and classifier graph of a model. */
export interface ModelFiles {
  readonly card: ModelCard;
  readonly classifier: Uint8Array;
  /** Path of the graph, for messages. */
  readonly name: string;
}

/**
 * Reads a model, given by the path of its folder, of its card, or of its graph with the card beside it, or by the name of a ready
 * word. Undefined for a graph without a card.
 * @throws CallsignError `MODEL_NOT_FOUND`, `CARD_INVALID`, `CARD_MISMATCH`, also if the card names another graph
 */
export async function findModel(model: string): Promise<ModelFiles | undefined> {
  const path = findReadyWord(model) ?? model;
  const isFile = (await stat(path).catch(() => undefined))?.isFile() ?? extname(path) === ".onnx";
  if (!isFile || extname(path) === ".json") return readModelFolder(path);
  for (const graph of [path, await realpath(path).catch(() => path)]) {
    const cardPath = join(dirname(graph), MODEL_CARD_FILE);
    const text = await readFile(cardPath, "utf8").catch(() => undefined);
    if (text === undefined || isOtherJson(text)) continue;
    const { file, sha256 } = parseModelCard(text, { name: cardPath }).classifier;
    if (file === basename(graph) || sha256Hex(await readModelFile(graph)) === sha256)
      return readModelFolder(cardPath);
    throw new CallsignError(
      "CARD_MISMATCH",
      `${graph}: the ${MODEL_CARD_FILE} beside it is the card of ${file}, not of this file; give the folder for ${file}, ` +
        `or put this one into a folder of its own to run it without a card`,
    );
  }
  return undefined;
}

/** Whether a `model.json` is not a card but another program's file, such as a graph of TensorFlow.js. */
function isOtherJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return (
      typeof value === "object" && value !== null && !("formatVersion" in value || "classifier" in value)
    );
  } catch {
    return false;
  }
}

/**
 * Reads `model.json` and its graph, and checks length and sha256 of the graph.
 * @param folder path of the folder or of the card
 * @throws CallsignError `MODEL_NOT_FOUND`, `CARD_INVALID`, `CARD_MISMATCH`
 */
export async function readModelFolder(folder: string): Promise<ModelFiles> {
  const isCard =
    (await stat(folder).catch(() => undefined))?.isFile() ?? basename(folder) === MODEL_CARD_FILE;
  const cardPath = isCard ? folder : join(folder, MODEL_CARD_FILE);
  if (!isCard) await suggestHeads(folder);
  const card = parseModelCard(new TextDecoder().decode(await readModelFile(cardPath, MAX_CARD_BYTES)), {
    name: cardPath,
  });
  const { file, bytes, sha256 } = card.classifier;
  const name = join(dirname(cardPath), file);
  const classifier = await readModelFile(name);
  const got = sha256Hex(classifier);
  if (classifier.length !== bytes || got !== sha256)
    throw new CallsignError(
      "CARD_MISMATCH",
      `${name}: ${basename(cardPath)} names a graph of ${bytes} bytes with sha256 ${sha256}, ` +
        `got ${classifier.length} bytes with ${got}; export the model again, or put its own graph back`,
    );
  return { card, classifier, name };
}

/** @throws CallsignError `MODEL_NOT_FOUND` for a folder with heads but without a card */
async function suggestHeads(folder: string): Promise<void> {
  const files = await readdir(folder).catch((): string[] => []);
  const heads = files.filter((file) => extname(file) === ".onnx").toSorted();
  if (files.includes(MODEL_CARD_FILE) || heads.length === 0) return;
  throw new CallsignError(
    "MODEL_NOT_FOUND",
    `${folder}: no ${MODEL_CARD_FILE} in this folder; to run a head without a card give the path of one of its ` +
      `${heads.length} .onnx files, such as ${join(folder, heads[0]!)}`,
  );
}

/** Reads a file of at most `limit` bytes. @throws CallsignError `MODEL_NOT_FOUND`, `MODEL_INVALID` */
export async function readModelFile(path: string, limit = MAX_MODEL_BYTES): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > limit)
      throw new CallsignError(
        "MODEL_INVALID",
        `${path}: ${size} bytes; expected at most ${limit} of such a file`,
      );
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof CallsignError) throw cause;
    const reason = errorCode(cause) === "ENOENT" ? "no such file" : String(cause);
    throw new CallsignError(
      "MODEL_NOT_FOUND",
      `${path}: ${reason}; expected a model's folder with ${MODEL_CARD_FILE} and its graph, or an .onnx file`,
      { cause },
    );
  }
}

/** Far above the size of a card with a long training summary, and of any detector; protobuf is limited to 2 GiB. */
const MAX_CARD_BYTES = 4 * 2 ** 20;
const MAX_MODEL_BYTES = 512 * 2 ** 20;
