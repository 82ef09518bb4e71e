import type { ModelCard } from "../model/model-card.ts";
import type { SessionFactory } from "../runtime/session.ts";

/** Ends of a single-file model. */
export const SINGLE_FILE_IO = {
  inputs: { samples: "samples", state: "state" },
  outputs: { scores: "scores", state: "nextState" },
  /** Version of these ends and of the metadata, under the key `callsign.format`. */
  format: "single-file-1",
} as const;

export interface SingleFileParts {
  readonly card: ModelCard;
  /** The classifier graph that the card names. */
  readonly classifier: Uint8Array;
  /** The speech embedding that the card names. */
  readonly embedding: Uint8Array;
  /** Computes once what the layers remember of silence. */
  readonly createSession: SessionFactory;
}

/**
 * A whole model in one ONNX graph that any onnxruntime runs without code of ours: `samples [batch, 1280]` (16 kHz, int16
 * magnitudes as float32) and `state [batch, stateLength]` in, `scores [batch, labels]` and `nextState` out, as the
 * detector's steps. A state of zeros starts a stream, as if silence had come before. `metadata_props` tell labels,
 * thresholds and sizes; decision (patience, refractory period) is left to the caller. A head whose batch is fixed at one
 * fixes that of the file.
 * @throws CallsignError `INVALID_ARGUMENT` for windowing `sliding-audio`, whose steps share nothing, and for test-time augmentation; `MODEL_INVALID`
 */
export async function buildSingleFile(parts: SingleFileParts): Promise<Uint8Array> {
  // Loaded here: it needs the ONNX editor, which detection does not.
  const { buildSingleFileGraph } = await import("./single-file-graph.ts");
  return buildSingleFileGraph(parts);
}
