import { resample, Resampler } from "@callsign/audio/internal";
import type { BenchRow } from "../../../test-support/bench-row.ts";
import { noise } from "../../../test-support/random.ts";
import { interleave } from "../../infer/bench/interleave.ts";

const group = "resample";
const SECONDS = 10;
const toHz = 16_000;

/**
 * Conversion to 16 kHz, as a multiple of real time. The rival is the same filter without prepared rows, which is what
 * 44,101 Hz falls back to: it has no divisor in common with 16,000.
 */
export async function bench(): Promise<BenchRow[]> {
  const clip = (fromHz: number): Float32Array => noise(SECONDS * fromHz, { seed: 1, peak: 20_000 });
  const clips = { 8000: clip(8000), 44_100: clip(44_100), 44_101: clip(44_101), 48_000: clip(48_000) };
  const offline = async (fromHz: keyof typeof clips): Promise<Float32Array> =>
    resample(clips[fromHz], { fromHz, toHz });
  const times = await interleave(
    {
      from8: () => offline(8000),
      from48: () => offline(48_000),
      from44: () => offline(44_100),
      chunks: async () => stream(clips[44_100], 44_100),
      unprepared: () => offline(44_101),
    },
    { rounds: 15 },
  );
  const row = (name: string, milliseconds: number): BenchRow => ({
    group,
    name,
    value: (SECONDS * 1000) / milliseconds,
    unit: "x real time",
  });
  return [
    row("8 to 16 kHz", times.from8),
    row("48 to 16 kHz", times.from48),
    {
      ...row("44.1 to 16 kHz", times.from44),
      ratio: times.unprepared / times.from44,
      baseline: "the filter without prepared rows",
    },
    {
      ...row("44.1 to 16 kHz in chunks of 20 ms", times.chunks),
      ratio: times.from44 / times.chunks,
      baseline: "offline",
    },
  ];
}

function stream(samples: Float32Array, fromHz: number): number {
  const resampler = new Resampler({ fromHz, toHz });
  const chunkLength = fromHz / 50;
  let length = 0;
  for (let at = 0; at < samples.length; at += chunkLength)
    length += resampler.push(samples.subarray(at, at + chunkLength)).length;
  return length + resampler.flush().length;
}
