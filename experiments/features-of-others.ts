/**
 * `npx tsx --conditions=@callsign/source experiments/features-of-others.ts MELSPECTROGRAM EMBEDDING FILE...`: how far features as
 * openWakeWord computes them (its log-mel graph over a whole recording, clamped 80 dB below that recording's maximum) are from
 * those of a detector's stream (clamped 80 dB below each chunk's maximum), and what float16 adds. Arguments: the two ONNX
 * files, and recordings.
 */
import { readFile } from "node:fs/promises";

import { toMagnitudes } from "@callsign/audio/internal";
import { readAudioFile } from "@callsign/audio/node";
import { fromFloat16, toFloat16 } from "@callsign/data/internal";
import { createFrontend } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";

const [melFile, embeddingFile, ...files] = process.argv.slice(2) as [string, string, ...string[]];
const mel = await createNodeSession()(await readFile(melFile), { name: melFile });
const embedding = await readFile(embeddingFile);
const frontend = (floor: "chunk" | "window") =>
  createFrontend({ createSession: createNodeSession(), embedding, floor });
const [chunk, whole] = [await frontend("chunk"), await frontend("window")];

/** Features of openWakeWord: frames of its graph, x / 10 + 2, embedded with the same network. */
async function theirs(samples: Float32Array): Promise<Float32Array> {
  const output = await mel.run({ [mel.inputs[0]!.name]: { data: samples, dims: [1, samples.length] } });
  const values = output[mel.outputs[0]!.name]!.data as Float32Array;
  const data = values.map((value) => value / 10 + 2);
  return (await whole.embed({ data, rows: data.length / 32, columns: 32 })).data;
}

class Difference {
  #squares = 0;
  #sum = 0;
  #values = 0;
  #spread = 0;
  #count = 0;
  #largest = 0;
  readonly #cosines: number[] = [];

  add(ours: Float32Array, other: Float32Array): void {
    const length = Math.min(ours.length, other.length);
    for (let row = 0; row < length; row += 96) {
      let [dot, a, b] = [0, 0, 0];
      for (let i = row; i < row + 96; i++) {
        const [x, y] = [ours[i]!, other[i]!];
        dot += x * y;
        a += x * x;
        b += y * y;
        this.#squares += (x - y) ** 2;
        this.#sum += x;
        this.#values += x * x;
        this.#largest = Math.max(this.#largest, Math.abs(x - y));
      }
      this.#count += 96;
      this.#cosines.push(dot / Math.sqrt(a * b));
    }
    this.#spread = Math.sqrt(this.#values / this.#count - (this.#sum / this.#count) ** 2);
  }

  toString(): string {
    const sorted = this.#cosines.toSorted((a, b) => a - b);
    const at = (share: number): string => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(6);
    const rms = Math.sqrt(this.#squares / this.#count);
    return (
      `${sorted.length} embeddings, deviation of a value ${this.#spread.toFixed(2)}: rms difference ${rms.toFixed(5)} ` +
      `(${((100 * rms) / this.#spread).toFixed(3)} %), largest ${this.#largest.toFixed(3)}; cosine: median ${at(0.5)}, 1 % below ${at(0.01)}, least ${at(0)}`
    );
  }
}

const clamp = new Difference();
const phase = new Difference();
const half = new Difference();
for (const file of files) {
  const { samples } = await readAudioFile(file, { sampleRateHz: 16_000 });
  const magnitudes = toMagnitudes(samples);
  const { data } = await chunk.features(magnitudes);
  // Windows of a stream begin 160 samples after those of a whole clip.
  clamp.add(data, await theirs(magnitudes.slice(160)));
  phase.add(data, await theirs(magnitudes));
  half.add(data, fromFloat16(toFloat16(data)));
}
console.log(`clamp: ${clamp.toString()}`);
console.log(`clamp, and windows 10 ms apart: ${phase.toString()}`);
console.log(`float16: ${half.toString()}`);
