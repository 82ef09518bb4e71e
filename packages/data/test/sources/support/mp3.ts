import { createMp3Encoder } from "wasm-media-encoders";

/** Encodes a sine with LAME (wasm-media-encoders 0.7.0), 48 kHz mono as Common Voice has it. */
export async function sineMp3({ hertz, seconds }: { hertz: number; seconds: number }): Promise<Uint8Array> {
  encoder ??= createMp3Encoder();
  const lame = await encoder;
  lame.configure({ sampleRate: RATE, channels: 1, bitrate: 64 });
  const samples = Float32Array.from(
    { length: Math.round(RATE * seconds) },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * hertz * i) / RATE),
  );
  // What encode() gives belongs to the encoder and is overwritten by finalize().
  const head = Uint8Array.from(lame.encode([samples]));
  return Buffer.concat([head, lame.finalize()]);
}

const RATE = 48_000;

// One encoder: compiling it for each clip would take most of the test's time. Encoding itself never waits.
let encoder: ReturnType<typeof createMp3Encoder> | undefined;

/** Frequency of a sine, from its upward zero crossings away from the ends. */
export function hertzOf(samples: Float32Array, sampleRateHz = 16_000): number {
  const crossings: number[] = [];
  for (let i = 2000; i < samples.length - 2000; i++) {
    const [before, after] = [samples[i - 1]!, samples[i]!];
    if (before < 0 && after >= 0) crossings.push(i - after / (after - before));
  }
  const periods = crossings.length - 1;
  return (periods * sampleRateHz) / (crossings[periods]! - crossings[0]!);
}
