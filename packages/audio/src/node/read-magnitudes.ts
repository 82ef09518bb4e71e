import { toMagnitudes } from "../samples/magnitudes.ts";
import {
  type AudioInput,
  readAudioChunks,
  type ReadAudioChunksOptions,
  readAudioFile,
  type ReadAudioOptions,
} from "./read-audio.ts";

/** Samples of `readAudioFile` in int16 magnitudes, for code that computes in them. */
export async function readMagnitudes(
  input: AudioInput,
  options: ReadAudioOptions = {},
): Promise<Float32Array> {
  const { samples } = await readAudioFile(input, options);
  return toMagnitudes(samples);
}

/** Chunks of `readAudioChunks` in int16 magnitudes. */
export async function* readMagnitudeChunks(
  input: AudioInput,
  options: ReadAudioChunksOptions = {},
): AsyncGenerator<Float32Array, void, undefined> {
  for await (const chunk of readAudioChunks(input, options)) yield toMagnitudes(chunk);
}
