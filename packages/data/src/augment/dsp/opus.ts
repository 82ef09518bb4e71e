import { Application, createDecoder, createEncoder } from "libopus-wasm";

/**
 * Encodes samples with Opus for speech at a bit rate (in bits per second, 6,000 to 510,000) and decodes them, in frames of
 * 20 ms. Length does not change, and the codec's delay is removed. 16 kHz, int16 scale; returns a new array.
 */
export async function throughOpus(
  samples: Float32Array,
  { bitrate }: { readonly bitrate: number },
): Promise<Float32Array> {
  const encoder = await createEncoder({ ...CODEC, application: Application.Voip, bitrate, complexity: 1 });
  const decoder = await createDecoder(CODEC);
  const delay = encoder.getLookahead();
  const frames = Math.ceil((samples.length + delay) / FRAME);
  const decoded = new Float32Array(frames * FRAME);
  const frame = new Int16Array(FRAME);
  for (let i = 0; i < frames; i++) {
    const from = i * FRAME;
    frame.fill(0);
    for (let j = 0; j < FRAME && from + j < samples.length; j++) frame[j] = samples[from + j]!;
    decoded.set(decoder.decode(encoder.encode(frame)), from);
  }
  encoder.free();
  decoder.free();
  return decoded.subarray(delay, delay + samples.length);
}

const CODEC = { sampleRate: 16_000, channels: 1 } as const;
/** 20 ms. */
const FRAME = 320;
