import { describe, expect, it } from "vitest";
import { CallsignError, readWav } from "@callsign/audio/internal";
import { fixture } from "../support/fixture.ts";
import { seededRandom } from "../../../../test-support/random.ts";
import { ascii, bytesOf, joinBytes, uint32, wavBytes } from "../wav-bytes.ts";

const MUTATIONS = 30_000;

describe("readWav on mutated files", () => {
  it(`gives finite audio or a CallsignError for each of ${MUTATIONS}`, () => {
    const random = seededRandom(16_000);
    const seeds = [
      ...["u8", "s16", "s24", "s32", "f32", "f64", "piped"].map((format) => fixture(`steps-${format}.wav`)),
      wavBytes({
        data: bytesOf(Int16Array.from({ length: 30 }, (_, i) => i * 99)),
        before: [["LIST", ascii("odd")]],
      }),
      wavBytes({
        magic: "RF64",
        before: [["ds64", joinBytes([uint32(0), uint32(0), uint32(8), uint32(0), uint32(4), uint32(0)])]],
        data: bytesOf(Int16Array.of(1, 2, 3, 4)),
        dataLength: 0xffffffff,
      }),
    ];
    const counts = new Map<string, number>();
    for (let i = 0; i < MUTATIONS; i++) {
      const outcome = read(mutate(seeds[i % seeds.length]!, random), `mutation ${i}`);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    // The mutations are neither harmless nor hopeless, and reach every refusal.
    expect(counts.get("read")).toBeGreaterThan(MUTATIONS / 20);
    for (const code of [
      "AUDIO_EMPTY",
      "AUDIO_INVALID",
      "AUDIO_NOT_FINITE",
      "AUDIO_TRUNCATED",
      "AUDIO_UNSUPPORTED",
    ])
      expect(counts.get(code), code).toBeGreaterThan(10);
  });
});

function read(bytes: Uint8Array, name: string): string {
  try {
    const { samples, sampleRateHz } = readWav(bytes, { name });
    if (samples.length === 0 || samples.length > bytes.length || !samples.every(Number.isFinite))
      throw new Error(`${name}: ${samples.length} samples from ${bytes.length} bytes, or not finite`);
    if (!(sampleRateHz >= 1)) throw new Error(`${name}: ${sampleRateHz} Hz`);
    return "read";
  } catch (error) {
    if (!(error instanceof CallsignError)) throw error;
    expect(error.message).toContain(`${name}: `);
    return error.code;
  }
}

/** One to three of: a byte, a bit, a field of 2 or 4 bytes with an extreme value, a cut, a stretch copied elsewhere. */
function mutate(original: Uint8Array, random: () => number): Uint8Array {
  let bytes = original.slice();
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let times = 1 + below(3); times > 0; times--) {
    const at = below(Math.max(1, bytes.length));
    const kind = below(10);
    if (kind < 3) bytes[at] = below(256);
    else if (kind < 5) bytes[at]! ^= 1 << below(8);
    else if (kind < 8) bytes.set(EXTREMES[below(EXTREMES.length)]!.subarray(0, bytes.length - at), at);
    else if (kind < 9) bytes = bytes.slice(0, at);
    else bytes.copyWithin(at, below(bytes.length), below(bytes.length));
  }
  return bytes;
}

const EXTREMES = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x7ffff000, 0x7ff00000, 0x7fc00000]
  .map(uint32)
  .concat([Uint8Array.of(0, 0), Uint8Array.of(255, 255), ascii("data"), ascii("fmt ")]);
