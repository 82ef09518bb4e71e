import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CallsignError } from "../errors.ts";
import { type ModelCard, parseModelCard } from "../model-card.ts";
import { errorCode } from "./error-code.ts";
import { sha256Hex } from "./sha256.ts";

/** Name of the card in a model's folder. */
export const MODEL_CARD_FILE = "model.json";

/** A model's card and its classifier graph. */
export interface ModelFiles {
  readonly card: ModelCard;
  readonly classifier: Uint8Array;
  /** Path of the graph, for messages. */
  readonly name: string;
}

/**
 * Reads a model's folder (or is given its card's path), `model.json` and the graph it names, and checks the graph's length and sha256.
 * @throws CallsignError `MODEL_NOT_FOUND`, `CARD_INVALID`, `CARD_MISMATCH`
 */
export async function readModelFolder(folder: string): Promise<ModelFiles> {
  const cardPath = basename(folder) === MODEL_CARD_FILE ? folder : join(folder, MODEL_CARD_FILE);
  const card = parseModelCard(new TextDecoder().decode(await readModelFile(cardPath, MOST_CARD_BYTES)), {
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

/** Reads a model's file, at most `limit` bytes long. @throws CallsignError `MODEL_NOT_FOUND`, `MODEL_INVALID` */
export async function readModelFile(path: string, limit = MOST_MODEL_BYTES): Promise<Uint8Array> {
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

/** A card with a long training summary stays far below; protobuf ends at 2 GiB, and no detector comes near. */
const MOST_CARD_BYTES = 4 * 2 ** 20;
const MOST_MODEL_BYTES = 512 * 2 ** 20;
