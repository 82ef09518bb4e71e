import { CallsignError } from "../errors.ts";
import type { AudioNotes } from "../samples/audio-notes.ts";
import type { ChannelMixer } from "../samples/channel-mixer.ts";
import { clip, firstNotFinite } from "../samples/pcm.ts";
import type { WavFormat } from "./wav-format.ts";

/**
 * Decodes whole frames (one sample per channel) to mono in -1..1. `byte` is their position in the file, for messages. Float
 * samples above full scale are clipped, as players do, and noted.
 * @throws CallsignError `AUDIO_NOT_FINITE` for a float sample that is NaN, infinite or beyond float32
 */
export function decodeWavFrames(
  bytes: Uint8Array,
  format: WavFormat,
  options: { readonly mixer: ChannelMixer; readonly byte: number; readonly notes: AudioNotes },
): Float32Array {
  const { channels, bytesPerSample } = format;
  const samples = new Float32Array(bytes.length / bytesPerSample);
  if (format.encoding === "int") decodeInts(bytes, samples, bytesPerSample);
  else {
    decodeFloats(bytes, samples, bytesPerSample);
    const bad = firstNotFinite(samples);
    if (bad >= 0)
      throw new CallsignError(
        "AUDIO_NOT_FINITE",
        `${options.notes.name}: expected finite samples, got ${samples[bad]} at byte ${options.byte + bad * bytesPerSample}`,
      );
    if (clip(samples)) options.notes.add("clipped", CLIPPED);
  }
  if (channels === 1) return samples;
  return channels === 2 ? options.mixer.mix(splitStereo(samples)) : mixDown(samples, channels);
}

function decodeInts(bytes: Uint8Array, samples: Float32Array, bytesPerSample: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = samples.length;
  if (bytesPerSample === 1) for (let i = 0; i < count; i++) samples[i] = (bytes[i]! - 128) / 2 ** 7;
  else if (bytesPerSample === 2)
    for (let i = 0; i < count; i++) samples[i] = view.getInt16(2 * i, true) / 2 ** 15;
  else if (bytesPerSample === 3) {
    // Shifted to the upper 24 of 32 bits, which restores the sign.
    for (let i = 0; i < count; i++) {
      const at = 3 * i;
      samples[i] = ((bytes[at]! << 8) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 24)) / 2 ** 31;
    }
  } else for (let i = 0; i < count; i++) samples[i] = view.getInt32(4 * i, true) / 2 ** 31;
}

function decodeFloats(bytes: Uint8Array, samples: Float32Array, bytesPerSample: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = samples.length;
  if (bytesPerSample === 4) for (let i = 0; i < count; i++) samples[i] = view.getFloat32(4 * i, true);
  else for (let i = 0; i < count; i++) samples[i] = view.getFloat64(8 * i, true);
}

const CLIPPED =
  "float samples above full scale (-1..1) were clipped; int16 magnitudes belong in a WAV file of integers";

function splitStereo(interleaved: Float32Array): Float32Array[] {
  const first = new Float32Array(interleaved.length / 2);
  const second = new Float32Array(first.length);
  for (let i = 0; i < first.length; i++) {
    first[i] = interleaved[2 * i]!;
    second[i] = interleaved[2 * i + 1]!;
  }
  return [first, second];
}

function mixDown(interleaved: Float32Array, channels: number): Float32Array {
  const mono = new Float32Array(interleaved.length / channels);
  for (let i = 0, at = 0; i < mono.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += interleaved[at++]!;
    mono[i] = sum / channels;
  }
  return mono;
}
