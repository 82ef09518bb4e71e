import { CallsignError } from "../errors.ts";
import { INT16_SCALE } from "./audio.ts";
import { firstNotFinite } from "./pcm.ts";
import type { WavHeader } from "./wav-header.ts";

/** Samples decoded at a time: large enough to amortise the calls, small enough for the cache. */
const BLOCK_SAMPLES = 16384;

/** Whole frames that make a block of about 16,384 samples: at least one. */
export function wavBlockFrames({ channels }: WavHeader): number {
  return Math.max(1, Math.floor(BLOCK_SAMPLES / channels));
}

/**
 * Decodes whole frames to mono (the mean of the channels) at int16 magnitudes and writes them to the start of
 * `target`. `firstFrame` is where in the file they lie, for messages.
 * @throws CallsignError `AUDIO_NOT_FINITE` where a float sample is NaN, infinite or beyond float32
 */
export function decodeWavFrames(
  bytes: Uint8Array,
  target: Float32Array,
  options: { readonly header: WavHeader; readonly firstFrame: number; readonly name: string },
): void {
  const { header, firstFrame, name } = options;
  const { channels, bytesPerSample } = header;
  const count = bytes.length / bytesPerSample;
  const samples = channels === 1 ? target.subarray(0, count) : new Float32Array(count);
  if (header.encoding === "int") {
    decodeInts(bytes, samples, bytesPerSample);
  } else {
    decodeFloats(bytes, samples, bytesPerSample);
    const bad = firstNotFinite(samples);
    if (bad >= 0) {
      const byte = header.dataStart + (firstFrame * channels + bad) * bytesPerSample;
      throw new CallsignError(
        "AUDIO_NOT_FINITE",
        `${name}: expected finite samples, got ${samples[bad]} in frame ${firstFrame + Math.floor(bad / channels)} ` +
          `of ${header.frames}, at byte ${byte}`,
      );
    }
  }
  if (channels > 1) mixDown(samples, target, channels);
}

function decodeInts(bytes: Uint8Array, samples: Float32Array, bytesPerSample: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = samples.length;
  if (bytesPerSample === 1) for (let i = 0; i < count; i++) samples[i] = (bytes[i]! - 128) * 256;
  else if (bytesPerSample === 2) for (let i = 0; i < count; i++) samples[i] = view.getInt16(2 * i, true);
  else if (bytesPerSample === 3) {
    // Shifted to the top of 32 bits, which restores the sign.
    for (let i = 0; i < count; i++) {
      const at = 3 * i;
      samples[i] = ((bytes[at]! << 8) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 24)) / 65536;
    }
  } else for (let i = 0; i < count; i++) samples[i] = view.getInt32(4 * i, true) / 65536;
}

function decodeFloats(bytes: Uint8Array, samples: Float32Array, bytesPerSample: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = samples.length;
  if (bytesPerSample === 4)
    for (let i = 0; i < count; i++) samples[i] = view.getFloat32(4 * i, true) * INT16_SCALE;
  else for (let i = 0; i < count; i++) samples[i] = view.getFloat64(8 * i, true) * INT16_SCALE;
}

function mixDown(interleaved: Float32Array, target: Float32Array, channels: number): void {
  const frames = interleaved.length / channels;
  for (let i = 0, at = 0; i < frames; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += interleaved[at++]!;
    target[i] = sum / channels;
  }
}
