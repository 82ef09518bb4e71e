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

/** An embedding's file. */
export interface ChosenEmbedding {
  readonly path: string;
  readonly sha256: string;
}

export interface ChooseEmbeddingOptions extends Omit<AssetOptions, "path"> {
  /** Told why `auto` fell back. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * The embedding that a config names: `google-speech-embedding` (found or downloaded), `callsign-embedding` (carried
 * with the package), the path of an ONNX file, or `auto`: Google's where its file is at hand or can be fetched, else
 * our own.
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

/** The embedding with this content, if it is one that Callsign knows. */
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
    // One try: whoever has no network should not wait for three.
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
