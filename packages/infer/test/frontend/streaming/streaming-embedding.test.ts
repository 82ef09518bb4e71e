import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { makeStreamingEmbedding, STREAMING_EMBEDDING_IO } from "@callsign/infer/graphs/internal";
import { createFrontend, EMBEDDING, LOG_MEL, type Matrix, type Session } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";
import { noise } from "../../../../../test-support/noise.ts";
import { seededRandom } from "../../../../../test-support/random.ts";
import { smallEmbedding } from "../../support/small-embedding.ts";
import { toyEmbedding } from "../../support/toy-embedding.ts";

const OURS = fileURLToPath(new URL("../../../assets/callsign-embedding.onnx", import.meta.url));
const CHUNKS = 30;
/** Chunks until a window holds nothing older than the stream: 76 frames at 8 a chunk. */
const FIRST_FULL = Math.ceil(EMBEDDING.windowFrames / EMBEDDING.strideFrames) - 1;
const { inputs, outputs } = STREAMING_EMBEDDING_IO;
const chunkSize = EMBEDDING.strideFrames * LOG_MEL.melBins;

interface Streaming {
  readonly session: Session;
  readonly stateLength: number;
}

/** `rows` streams of `data [rows, chunks * 8, 32]` from zeros, in runs of the lengths that `next` gives. */
async function stream(
  { session, stateLength }: Streaming,
  audio: { readonly data: Float32Array; readonly rows: number; readonly next: () => number },
): Promise<Float32Array[]> {
  const { data, rows, next } = audio;
  const chunks = data.length / rows / chunkSize;
  const heard = Array.from({ length: rows }, () => [] as number[]);
  let state = new Float32Array(rows * stateLength);
  for (let from = 0; from < chunks;) {
    const count = Math.min(next(), chunks - from);
    const block = new Float32Array(rows * count * chunkSize);
    for (let row = 0; row < rows; row++) {
      const start = (row * chunks + from) * chunkSize;
      block.set(data.subarray(start, start + count * chunkSize), row * count * chunkSize);
    }
    const results = await session.run({
      [inputs.logMel]: { data: block, dims: [rows, count * EMBEDDING.strideFrames, LOG_MEL.melBins] },
      [inputs.state]: { data: state, dims: [rows, stateLength] },
    });
    state = Float32Array.from(results[outputs.state]!.data as Float32Array);
    const values = results[outputs.embeddings]!.data as Float32Array;
    const width = count * EMBEDDING.dimension;
    heard.forEach((list, row) => list.push(...values.subarray(row * width, (row + 1) * width)));
    from += count;
  }
  return heard.map((list) => Float32Array.from(list));
}

describe.each<[string, boolean, () => Uint8Array]>([
  ["of made-up weights", true, smallEmbedding],
  ["of strided convolutions", true, toyEmbedding],
  ["of our own", true, () => readFileSync(OURS)],
  ["as published", hasSharedData, () => readFileSync(sharedPath("reference", "embedding_model.onnx"))],
])("makeStreamingEmbedding, an embedding %s", (_, present, read) => {
  it.skipIf(!present)(
    "equals separate windows from the first full one on, in any runs, any batch",
    async () => {
      const createSession = createNodeSession();
      const bytes = read();
      const frontend = await createFrontend({ createSession, embedding: bytes, floor: "chunk" });
      const { model, stateLength } = makeStreamingEmbedding(bytes);
      const streaming = { session: await createSession(model, { name: "streaming" }), stateLength };
      const clip = async (seed: number): Promise<Matrix> => {
        const { data } = await frontend.logMel(
          Float32Array.from(noise((CHUNKS + 2) * LOG_MEL.chunkLength, seed)),
        );
        const rows = CHUNKS * EMBEDDING.strideFrames;
        return { data: data.slice(0, CHUNKS * chunkSize), rows, columns: LOG_MEL.melBins };
      };
      const clips = [await clip(1), await clip(2), await clip(3)];
      // The first full window ends with a chunk, so it begins within one.
      const first = (FIRST_FULL + 1) * EMBEDDING.strideFrames - EMBEDDING.windowFrames;
      const windows = await Promise.all(
        clips.map(({ data, rows, columns }) =>
          frontend.embedWindows({ data: data.subarray(first * columns), rows: rows - first, columns }),
        ),
      );
      const random = seededRandom(5);
      const full = (values: Float32Array): number[] => [...values.subarray(FIRST_FULL * EMBEDDING.dimension)];
      const expectClose = (streamed: Float32Array, window: number): void => {
        expect(streamed).toHaveLength(CHUNKS * EMBEDDING.dimension);
        expect(full(streamed)).toBeAllClose([...windows[window]!.data], { rtol: 0, atol: 1e-5 });
      };
      for (const next of [() => 1, () => 3, () => CHUNKS, () => 1 + Math.floor(random() * 6)])
        expectClose((await stream(streaming, { data: clips[0]!.data, rows: 1, next }))[0]!, 0);
      const data = Float32Array.from(clips.flatMap((logMel) => [...logMel.data]));
      const together = await stream(streaming, { data, rows: 3, next: () => 1 });
      together.forEach(expectClose);
      // The check can fail: the streams differ by far more than the tolerance.
      expect(
        Math.max(...full(together[0]!).map((value, i) => Math.abs(value - full(together[1]!)[i]!))),
      ).toBeGreaterThan(1e-3);
      await streaming.session.dispose();
      await frontend.dispose();
    },
  );
});
