import type { SingleFileParts } from "./single-file-parts.ts";

/**
 * Builds one ONNX graph of a whole model that onnxruntime runs without Callsign: `samples [batch, 1280]` (16 kHz, int16
 * magnitudes as float32) and `state [batch, stateLength]` to `scores [batch, labels]`, equal to the detector's, and
 * `nextState`. A state of zeros starts a stream that is preceded by silence. `metadata_props` hold labels, thresholds and
 * sizes; the caller applies patience and refractory period. A head with a fixed batch of 1 fixes the batch of the file.
 * @throws CallsignError `INVALID_ARGUMENT` for windowing `sliding-audio`, whose steps share no work, and for test-time
 * augmentation; `MODEL_INVALID`
 */
export async function buildSingleFile(parts: SingleFileParts): Promise<Uint8Array> {
  // Loaded here: it needs the ONNX editor, which detection does not.
  const { buildSingleFileGraph } = await import("./single-file-graph.ts");
  return buildSingleFileGraph(parts);
}
