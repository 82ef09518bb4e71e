import { CallsignError } from "@callsign/audio/internal";
import {
  type Asset,
  type AssetOptions,
  CALLSIGN_EMBEDDING,
  locateAsset,
  resolveAsset,
  SPEECH_EMBEDDING,
} from "./assets.ts";
import { sha256File } from "../files/sha256.ts";

/** File of a speech embedding. */
export interface ChosenEmbedding {
  readonly path: string;
  readonly sha256: string;
}

export interface ChooseEmbeddingOptions extends Omit<AssetOptions, "path"> {
  /** Receives the reason if `auto` falls back to Callsign's embedding. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * Resolves the embedding of a config: `google-speech-embedding` (found or downloaded), `callsign-embedding` (part of the
 * package), the path of an ONNX file, or `auto`, that is Google's if it is found or can be downloaded, and Callsign's otherwise.
 * @throws CallsignError `FILE_NOT_FOUND`, `CHECKSUM_MISMATCH`, `DOWNLOAD_FAILED`, `ABORTED`
 */
export async function chooseEmbedding(
  wanted: string,
  { onNote, ...options }: ChooseEmbeddingOptions = {},
): Promise<ChosenEmbedding> {
  if (wanted === "auto") return chooseAutomatically(options, onNote);
  const asset = EMBEDDINGS.find(({ id }) => id === wanted);
  if (asset !== undefined) return { path: await resolveAsset(asset, options), sha256: asset.sha256 };
  return { path: wanted, sha256: await sha256File(wanted).catch((cause: unknown) => refuse(wanted, cause)) };
}

const EMBEDDINGS: readonly Asset[] = [SPEECH_EMBEDDING, CALLSIGN_EMBEDDING];

/** Known embedding with the given content, if any. */
export const knownEmbedding = (sha256: string): Asset | undefined =>
  EMBEDDINGS.find((asset) => asset.sha256 === sha256);

async function chooseAutomatically(
  options: Omit<AssetOptions, "path">,
  onNote: ChooseEmbeddingOptions["onNote"],
): Promise<ChosenEmbedding> {
  const { sha256 } = SPEECH_EMBEDDING;
  const here = await locateAsset(SPEECH_EMBEDDING, options);
  if (here !== undefined) return { path: here.path, sha256 };
  try {
    // A single attempt, so that a machine without a network does not wait for retries.
    return { path: await resolveAsset(SPEECH_EMBEDDING, { ...options, attempts: 1 }), sha256 };
  } catch (error) {
    if (!(error instanceof CallsignError) || error.code !== "DOWNLOAD_FAILED") throw error;
    onNote?.(
      `embedding: ${SPEECH_EMBEDDING.id} is not here and cannot be fetched, so ${CALLSIGN_EMBEDDING.id} is used; ` +
        `\`callsign models pull ${SPEECH_EMBEDDING.id}\` says why, and how to get it by hand`,
    );
    return chooseEmbedding(CALLSIGN_EMBEDDING.id, options);
  }
}

function refuse(path: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read the embedding: ${reason}`, { cause });
}
