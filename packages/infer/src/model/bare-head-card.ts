import { readHeadShape } from "./classifier-shape.ts";
import { CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { FRONTEND_ID, type ModelCard, parseModelCard } from "./model-card.ts";
import type { SessionFactory } from "../runtime/session.ts";

/** Settings of a head without a card. */
export interface BareHeadOptions {
  /** Name of the model. Default the file name without extension. */
  readonly name?: string;
  /** One per score. Default the name, or `name_0`, `name_1` ... for several scores. */
  readonly labels?: readonly string[];
  /** Label of everything that is not a command: scored but never detected. */
  readonly background?: string;
  /** One threshold for all labels, or per label; others have the default. Default 0.5, as in openWakeWord. */
  readonly threshold?: number | Readonly<Record<string, number>>;
  /** Default 1. */
  readonly patience?: number;
  /** Default 2. */
  readonly refractorySeconds?: number;
  /** Embeddings per example; needed only if the graph accepts any number of them. */
  readonly embeddings?: number;
}

export interface DescribeBareHeadOptions extends BareHeadOptions {
  /** File name without folders. */
  readonly fileName: string;
  /** Path or URL of the file, for messages. Default `fileName`. */
  readonly path?: string;
  /** sha256 of the file, lower-case hexadecimal. */
  readonly sha256: string;
  /** Used once, to read the shapes of the graph. */
  readonly createSession: SessionFactory;
}

/** Generated card of a head, with notes for its user. */
export interface BareHead {
  readonly card: ModelCard;
  /** One sentence each. */
  readonly notes: readonly string[];
}

/** Google's speech embedding, which is used for heads without a card. */
export const GOOGLE_SPEECH_EMBEDDING = {
  id: "google-speech-embedding",
  sha256: "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
} as const;

/**
 * Generates a card for an ONNX head without one, as trained by openWakeWord and livekit-wakeword: its input is a sequence of
 * Google's speech embeddings, one every 80 ms. The number of embeddings and of scores is read from the graph.
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `CARD_MISMATCH` (another number of labels), `CARD_INVALID`
 */
export async function describeBareHead(
  classifier: Uint8Array,
  options: DescribeBareHeadOptions,
): Promise<BareHead> {
  const { fileName, path = fileName, sha256, createSession } = options;
  refuseOtherFormats(classifier, path);
  const session = await createSession(classifier, { name: path });
  const { embeddings, outputs } = await readHeadShape(session, {
    name: path,
    embeddings: options.embeddings,
  }).finally(() => session.dispose());
  const stem = fileName.replace(/(?<=.)\.[^.]*$/, "");
  const { name = stem } = options;
  const { labels, background, notes } = labelsOf({ ...options, path, stem, name, outputs });
  const { threshold = DEFAULT_THRESHOLD, patience = 1, refractorySeconds = 2 } = options;
  const one = typeof threshold === "number" ? threshold : DEFAULT_THRESHOLD;
  const each = typeof threshold === "number" ? {} : threshold;
  const commands = labels.filter((label) => label !== background);
  const card: ModelCard = {
    formatVersion: 1,
    name,
    labels: [...labels],
    classifier: { file: fileName, sha256, bytes: classifier.length },
    frontend: { id: FRONTEND_ID, floor: "chunk", embedding: { ...GOOGLE_SPEECH_EMBEDDING } },
    audioScale: "int16",
    sampleRateHz: SAMPLE_RATE_HZ,
    windowing: { kind: "embedding-sequence", embeddings, hopLength: 1280 },
    decision: {
      thresholds: { ...Object.fromEntries(commands.map((label) => [label, one])), ...each },
      patience,
      refractorySeconds,
      ...(background !== undefined && { background }),
    },
    createdBy: { tool: "callsign", version: "bare head" },
  };
  return {
    card: parseModelCard(card, { name: `${path} (card made of the options)` }),
    notes: [...((await isOurs(classifier, path)) ? [lostCardNote(path)] : []), ...notes],
  };
}

/** Whether Callsign wrote the graph, which then had a card. */
async function isOurs(classifier: Uint8Array, name: string): Promise<boolean> {
  const { decodeOnnx } = await import("@callsign/onnx/internal");
  return decodeOnnx(classifier, { name }).producerName === "callsign";
}

const lostCardNote = (path: string): string =>
  `${path}: a model made by Callsign, without its card (model.json) beside it; threshold, windowing and embedding are ` +
  `guesses and scores may be wrong: put the card back`;

/** Default of openWakeWord. */
const DEFAULT_THRESHOLD = 0.5;

/** Labels of published heads with several outputs, from openWakeWord's `model_class_mappings`. */
const PUBLISHED_LABELS = [
  {
    stem: /^timer(_v[\d.]+)?$/,
    background: "background",
    labels: [
      "background",
      "1_minute_timer",
      "5_minute_timer",
      "10_minute_timer",
      "20_minute_timer",
      "30_minute_timer",
      "1_hour_timer",
    ],
  },
];

function labelsOf(options: BareHeadOptions & { path: string; stem: string; name: string; outputs: number }): {
  labels: readonly string[];
  background: string | undefined;
  notes: string[];
} {
  const { labels, background, path, stem, name, outputs } = options;
  if (labels !== undefined) {
    if (labels.length !== outputs)
      throw new CallsignError(
        "CARD_MISMATCH",
        `${path}: expected ${outputs} labels, one for each of its scores, got ${labels.length}: ${labels.join(", ")}`,
      );
    return { labels, background, notes: [] };
  }
  if (outputs === 1) return { labels: [name], background, notes: [] };
  const published = PUBLISHED_LABELS.find((head) => head.stem.test(stem) && head.labels.length === outputs);
  if (published !== undefined)
    return { labels: published.labels, background: background ?? published.background, notes: [] };
  const numbered = Array.from({ length: outputs }, (_, i) => `${name}_${i}`);
  const note =
    `${path}: ${outputs} scores without names, called ${numbered[0]} to ${numbered.at(-1)}; name them with labels ` +
    `(CLI: --labels a,b,...), and the one that means "no command", if there is one, with background (CLI: --background a)`;
  return { labels: numbered, background, notes: [note] };
}

/** @throws CallsignError `MODEL_INVALID` */
function refuseOtherFormats(bytes: Uint8Array, path: string): void {
  if (bytes.length === 0) throw new CallsignError("MODEL_INVALID", `${path}: the file is empty`);
  // FlatBuffers put the file identifier at byte 4.
  if (String.fromCharCode(...bytes.subarray(4, 8)) === "TFL3")
    throw new CallsignError(
      "MODEL_INVALID",
      `${path}: expected an ONNX model, got TensorFlow Lite; take the .onnx file of the same model`,
    );
}
