import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";

/**
 * Scores of a head every 1280 samples, computed with openWakeWord's published graphs the way openWakeWord streams: its
 * log-mel graph on 1280 new samples and 480 before them, x / 10 + 2, its embedding of the last 76 frames, the head on
 * the last 16 embeddings. Unlike there, zeros came before the first sample (openWakeWord 0.6 starts from noise).
 */
export async function referenceScores(
  samples: Float32Array,
  { head, folder }: { readonly head: Uint8Array; readonly folder: string },
): Promise<number[]> {
  const open = async (model: string | Uint8Array) =>
    InferenceSession.create(typeof model === "string" ? await readFile(join(folder, model)) : model);
  const [melGraph, embeddingGraph, headGraph] = await Promise.all([
    open("melspectrogram.onnx"),
    open("embedding_model.onnx"),
    open(head),
  ]);
  const history = 30;
  const audio = new Float32Array(480 + history * 1280 + samples.length);
  audio.set(samples, 480 + history * 1280);
  const frames: number[] = [];
  const embeddings: number[] = [];
  const scores: number[] = [];
  for (let start = 0; start + 1760 <= audio.length; start += 1280) {
    const mel = await run(melGraph, audio.slice(start, start + 1760), [1, 1760]);
    for (const value of mel) frames.push(value / 10 + 2);
    if (frames.length < 76 * 32) continue;
    embeddings.push(
      ...(await run(embeddingGraph, Float32Array.from(frames.slice(-76 * 32)), [1, 76, 32, 1])),
    );
    if (start < history * 1280) continue;
    scores.push(...(await run(headGraph, Float32Array.from(embeddings.slice(-16 * 96)), [1, 16, 96])));
  }
  return scores;
}

async function run(
  graph: InferenceSession,
  data: Float32Array,
  dims: readonly number[],
): Promise<Float32Array> {
  const result = await graph.run({ [graph.inputNames[0]!]: new Tensor("float32", data, dims) });
  const output = result[graph.outputNames[0]!]!.data;
  if (!(output instanceof Float32Array)) throw new TypeError("expected floats");
  return output;
}
