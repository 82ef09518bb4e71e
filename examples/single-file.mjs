/**
 * Runs a Callsign model in one ONNX file with onnxruntime-node and nothing else of Callsign:
 *   callsign export --single-file --model models/lights-on --out lights-on.onnx
 *   node examples/single-file.mjs lights-on.onnx recording.wav
 * The recording must be 16 kHz mono 16-bit PCM with a plain 44-byte header. Prints time and score of each step of 80 ms
 * whose score is above the threshold. Any language with onnxruntime does the same.
 */
import { readFileSync } from "node:fs";

// onnxruntime-node sends telemetry unless this is set before it is loaded.
process.env.ORT_DISABLE_TELEMETRY ??= "1";
const { InferenceSession, Tensor } = await import("onnxruntime-node");

const [model, recording, threshold = "0.5"] = process.argv.slice(2);
const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
const shapeOf = (name) => session.inputMetadata.find((input) => input.name === name).shape;
const [chunkLength, stateLength] = [shapeOf("samples")[1], shapeOf("state")[1]];

const wav = readFileSync(recording).subarray(44);
const samples = new Int16Array(wav.buffer.slice(wav.byteOffset, wav.byteOffset + (wav.length & ~1)));
// Zeros start a stream, as if silence had come before.
let state = new Tensor("float32", new Float32Array(stateLength), [1, stateLength]);
for (let from = 0; from + chunkLength <= samples.length; from += chunkLength) {
  // int16 magnitudes held in float32, not -1 to 1.
  const chunk = Float32Array.from(samples.subarray(from, from + chunkLength));
  const results = await session.run({ samples: new Tensor("float32", chunk, [1, chunkLength]), state });
  state = results.nextState;
  const scores = [...results.scores.data];
  if (Math.max(...scores) < Number(threshold)) continue;
  const seconds = ((from + chunkLength) / 16_000).toFixed(2);
  console.log(`${seconds}\t${scores.map((score) => score.toFixed(6)).join("\t")}`);
}
