import { readFile } from "node:fs/promises";
import type { BareHeadOptions } from "../../model/bare-head-card.ts";
import { CallsignError } from "@callsign/audio/internal";
import { type AudioVariant, audioVariantsSchema } from "../../model/model-card.ts";
import { type Sensitivity, withSensitivity } from "../../model/sensitivity.ts";
import type { SessionFactory } from "../../runtime/session.ts";
import { parseStrict } from "../../model/strict-schema.ts";
import { type AssetOptions, resolveAsset } from "../assets/assets.ts";
import { readBareHead } from "./bare-head.ts";
import { knownEmbedding } from "../assets/choose-embedding.ts";
import { findModel, type ModelFiles } from "./model-folder.ts";
import { sha256Hex } from "../files/sha256.ts";

export interface LoadDetectorOptions extends Sensitivity {
  /** Default `createNodeSession()`: one thread of the CPU. */
  readonly createSession?: SessionFactory;
  /** Path of the speech embedding. Default found by `resolveAsset`. */
  readonly embeddingPath?: string;
  /** Content of the speech embedding, for bundles that include it; overrides `embeddingPath`. */
  readonly embedding?: Uint8Array;
  /** Variants of the audio whose scores are averaged. Overrides the card's. */
  readonly testTimeAugmentation?: readonly AudioVariant[];
  /** Options for finding and downloading the speech embedding. */
  readonly assets?: Omit<AssetOptions, "path">;
  /** Settings of an .onnx file without a card. */
  readonly head?: BareHeadOptions;
  /** Receives notes on an .onnx file without a card, such as guessed labels, one sentence each. */
  readonly onNote?: (note: string) => void;
}

/** Files of a model, and whether its card was found or generated. */
export interface FoundModel extends ModelFiles {
  readonly hasCard: boolean;
}

/**
 * Reads a model as `findModel`, or a head without a card. Thresholds and test-time
 * augmentation of the options are applied to the card.
 */
export async function readModelFiles(
  path: string,
  options: LoadDetectorOptions & {
    /** Called for each head without a card and without a name. */
    readonly nextName?: () => string | undefined;
  },
): Promise<FoundModel> {
  const { head = {}, createSession, onNote, testTimeAugmentation } = options;
  const bareOptions = () => {
    const name = head.name ?? options.nextName?.();
    return {
      ...head,
      ...(name !== undefined && { name }),
      ...(createSession && { createSession }),
      ...(onNote && { onNote }),
    };
  };
  const found = await findModel(path);
  const superfluous = Object.keys(head).filter((key) => head[key as keyof BareHeadOptions] !== undefined);
  if (found !== undefined && superfluous.length > 0)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${path}: ${superfluous.join(", ")} can be given for a head without a card only; this model's card, model.json, has its own`,
    );
  const files = found ?? (await readBareHead(path, bareOptions()));
  const variants =
    testTimeAugmentation &&
    parseStrict(audioVariantsSchema, testTimeAugmentation, {
      name: "testTimeAugmentation",
      code: "INVALID_ARGUMENT",
    });
  const card = withSensitivity(files.card, options);
  return {
    ...files,
    card: variants === undefined ? card : { ...card, testTimeAugmentation: variants },
    hasCard: found !== undefined,
  };
}

/** Reads the embedding of a model's card and checks its sha256. */
export async function readEmbedding(model: FoundModel, options: LoadDetectorOptions): Promise<Uint8Array> {
  const { card, name } = model;
  const { embedding, embeddingPath, assets } = options;
  const { id, sha256 } = card.frontend.embedding;
  if (embedding !== undefined && !(embedding instanceof Uint8Array))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${name}: embedding: expected the file's bytes, got ${typeof embedding}; give its path as embeddingPath`,
    );
  const bytes =
    embedding ?? (embeddingPath === undefined ? undefined : await readEmbeddingFile(embeddingPath));
  if (bytes !== undefined) {
    const got = sha256Hex(bytes);
    if (got === sha256) return bytes;
    const where = embedding === undefined ? embeddingPath : "bytes";
    throw embeddingMismatch(model, `${where} with sha256 ${got}`);
  }
  const asset = knownEmbedding(sha256);
  if (asset?.id !== id)
    throw embeddingMismatch(
      model,
      "a Callsign that knows google-speech-embedding and callsign-embedding by other contents; give the file explicitly",
    );
  try {
    return await readFile(await resolveAsset(asset, assets));
  } catch (cause) {
    if (!(cause instanceof CallsignError) || cause.code === "ABORTED") throw cause;
    const who = model.hasCard ? "its card names" : "a head without a card reads";
    throw new CallsignError(cause.code, `${name}: ${who} ${id}, which is not here: ${cause.message}`, {
      cause,
    });
  }
}

async function readEmbeddingFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const message = `${path}: cannot read the speech embedding: ${String(cause)}`;
    throw new CallsignError("FILE_NOT_FOUND", message, { cause });
  }
}

function embeddingMismatch({ card, name, hasCard }: FoundModel, got: string): CallsignError {
  const { id, sha256 } = card.frontend.embedding;
  const expected = hasCard
    ? `the card was trained with embedding ${id} with sha256 ${sha256}`
    : `a head without a card is read with embedding ${id} with sha256 ${sha256} and no other`;
  const fix = hasCard ? "" : "; if it was trained with this one, write a model.json beside it that says so";
  return new CallsignError("CARD_MISMATCH", `${name}: ${expected}, got ${got}${fix}`);
}
