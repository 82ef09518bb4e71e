import { join } from "node:path";
import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import {
  type AudioVariant,
  formatModelCard,
  FRONTEND_ID,
  type MuteGatePolicy,
  type ModelCard,
} from "@callsign/infer/internal";
import {
  MODEL_CARD_FILE,
  sha256Hex,
  SPEECH_EMBEDDING,
  toolIdentity,
  writeFileAtomic,
} from "@callsign/infer/node/internal";
import { refractorySecondsOf } from "../config/resolve-training.ts";
import { type Architecture } from "../models/architecture.ts";
import { parameterCount, type Weights } from "../weights/parameters.ts";
import { encodeClassifier } from "./onnx/encode-classifier.ts";

export interface ExportModelOptions {
  readonly architecture: Architecture;
  readonly weights: Weights;
  /** The model's name in its card. */
  readonly name: string;
  /** Label of each output of the architecture, in order. */
  readonly labels: readonly string[];
  /** Detection threshold of each label. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** Steps in a row that must reach the threshold. Default 1. */
  readonly patience?: number;
  /** Default: the length of the window, at least 1. */
  readonly refractorySeconds?: number;
  /** Settings of the mute gate, if the model is one. */
  readonly gate?: MuteGatePolicy | undefined;
  /** Test-time augmentation: copies of the audio whose scores are averaged. Default none. */
  readonly testTimeAugmentation?: readonly AudioVariant[] | undefined;
  /** Windowing of the audio. Default: inferred from the input shape, with the lengths of the published model. */
  readonly windowing?: ModelCard["windowing"];
  /** Embedding that its features were computed with. Default Google's. */
  readonly embedding?: ModelCard["frontend"]["embedding"];
  /** Error rates by threshold for each label, highest threshold first; used for the sensitivity setting at run time. */
  readonly operatingPoints?: ModelCard["operatingPoints"];
  /** Summary and data licences for the card. */
  readonly training?: Readonly<Record<string, unknown>>;
  readonly data?: ModelCard["data"];
  /** Folder to write to; made if missing. */
  readonly outDir: string;
  readonly signal?: AbortSignal;
}

export interface ExportedModel {
  readonly modelFile: string;
  readonly cardFile: string;
  readonly parameterCount: number;
  readonly card: ModelCard;
}

/** File name of the graph in a model's folder. */
export const MODEL_FILE = "model.onnx";

/**
 * Writes `model.onnx` and then its card `model.json`, which contains the graph's sha256; each file is written
 * atomically. @throws CallsignError `CARD_INVALID` (labels or thresholds that do not fit), `FILE_WRITE_FAILED`, `ABORTED`
 */
export async function exportModel(options: ExportModelOptions): Promise<ExportedModel> {
  const { architecture, weights, outDir } = options;
  const graph = encodeClassifier(architecture, weights, { version: toolIdentity().version });
  const card = describeModel(options, graph);
  const modelFile = join(outDir, MODEL_FILE);
  const cardFile = join(outDir, MODEL_CARD_FILE);
  const text = formatModelCard(card, { name: cardFile });
  const write = options.signal ? { signal: options.signal } : {};
  await writeFileAtomic(modelFile, graph, write);
  await writeFileAtomic(cardFile, text, write);
  return { modelFile, cardFile, parameterCount: parameterCount(architecture), card };
}

function describeModel(options: ExportModelOptions, graph: Uint8Array): ModelCard {
  const { architecture, training, data } = options;
  const { id, sha256 } = options.embedding ?? SPEECH_EMBEDDING;
  const windowing = options.windowing ?? windowingOf(architecture);
  return {
    formatVersion: 1,
    name: options.name,
    labels: [...options.labels],
    classifier: { file: MODEL_FILE, sha256: sha256Hex(graph), bytes: graph.length },
    frontend: {
      id: FRONTEND_ID,
      floor: windowing.kind === "sliding-audio" ? "window" : "chunk",
      embedding: { id, sha256 },
    },
    ...(options.testTimeAugmentation && { testTimeAugmentation: [...options.testTimeAugmentation] }),
    audioScale: "int16",
    sampleRateHz: SAMPLE_RATE_HZ,
    windowing,
    decision: {
      thresholds: { ...options.thresholds },
      patience: options.patience ?? 1,
      refractorySeconds: options.refractorySeconds ?? refractorySecondsOf(windowing),
    },
    ...(options.gate && { gate: { ...options.gate } }),
    ...(options.operatingPoints && { operatingPoints: options.operatingPoints }),
    ...(training && { training: { ...training } }),
    ...(data && { data: [...data] }),
    createdBy: toolIdentity(),
  };
}

/** Default windowing: that of the published model for one embedding, the embedding's stride for a sequence. */
function windowingOf({ featureShape }: Architecture): ModelCard["windowing"] {
  return featureShape.length === 1
    ? { kind: "sliding-audio", windowLength: 13_000, hopLength: 512 }
    : { kind: "embedding-sequence", embeddings: featureShape[0]!, hopLength: 1280 };
}
