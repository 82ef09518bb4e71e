import { basename, extname } from "node:path";
import { CallsignError } from "../errors.ts";
import { FRONTEND_ID, type ModelCard, parseModelCard, SAMPLE_RATE_HZ } from "../model-card.ts";
import { SPEECH_EMBEDDING } from "./assets.ts";
import { readModelFile, type ModelFiles } from "./model-folder.ts";
import { sha256Hex } from "./sha256.ts";

/** What a head without a card leaves open. */
export interface BareHeadOptions {
  /** Default the file's name without its ending. */
  readonly name?: string;
  /** One a score; default the name. */
  readonly labels?: readonly string[];
  /** For every label. Default 0.5, openWakeWord's. */
  readonly threshold?: number;
  /** Default 1. */
  readonly patience?: number;
  /** Default 2. */
  readonly refractorySeconds?: number;
}

/**
 * Reads an .onnx file that came without a card as a head of openWakeWord's kind (livekit-wakeword's are the same):
 * 16 embeddings of the Google speech embedding, one every 80 ms, clamped per chunk. The card is made up for it.
 */
export async function readBareHead(path: string, options: BareHeadOptions = {}): Promise<ModelFiles> {
  const classifier = await readModelFile(path);
  const { name = basename(path, extname(path)) } = options;
  const { labels = [name], threshold = 0.5, patience = 1, refractorySeconds = 2 } = options;
  const card: ModelCard = {
    formatVersion: 1,
    name,
    labels: [...labels],
    classifier: { file: basename(path), sha256: sha256Hex(classifier), bytes: classifier.length },
    frontend: {
      id: FRONTEND_ID,
      floor: "chunk",
      embedding: { id: "google-speech-embedding", sha256: SPEECH_EMBEDDING.sha256 },
    },
    audioScale: "int16",
    sampleRateHz: SAMPLE_RATE_HZ,
    windowing: { kind: "embedding-sequence", embeddings: 16, hopLength: 1280 },
    decision: {
      thresholds: Object.fromEntries(labels.map((label) => [label, threshold])),
      patience,
      refractorySeconds,
    },
    createdBy: { tool: "callsign", version: "bare head" },
  };
  if (classifier.length === 0) throw new CallsignError("MODEL_INVALID", `${path}: the file is empty`);
  return {
    card: parseModelCard(card, { name: `${path} (card made of the options)` }),
    classifier,
    name: path,
  };
}
