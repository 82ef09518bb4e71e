import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromInt16, readWav, writeWav } from "@callsign/audio/internal";
import { refusal } from "../../../../test-support/refusal.ts";

const samples = fromInt16(Int16Array.of(0, 1, -1, 32_767, -32_768, 12_345));

describe("writeWav", () => {
  it("writes the bytes that Python's wave module writes", () => {
    // Python 3.11.7 wave: one channel, width 2, 22,050 Hz.
    const golden = "UklGRjAAAABXQVZFZm10IBAAAAABAAEAIlYAAESsAAACABAAZGF0YQwAAAAAAAEA////fwCAOTA=";
    expect(base64(writeWav({ samples, sampleRateHz: 22_050 }))).toBe(golden);
  });

  it("writes the bytes that SciPy writes for float32", () => {
    // scipy.io.wavfile.write (SciPy 1.17.1) of the samples.
    const golden =
      "UklGRkoAAABXQVZFZm10IBIAAAADAAEAIlYAAIhYAQAEACAAAABmYWN0BAAAAAYAAABkYXRhGAAAAAAAAAAAAAA4AAAAuAD+fz8AAIC/AOTAPg==";
    expect(base64(writeWav({ samples, sampleRateHz: 22_050 }, { format: "float32" }))).toBe(golden);
  });

  it("gives back every int16, in both formats", () => {
    fc.assert(
      fc.property(fc.int16Array({ minLength: 1 }), fc.constantFrom("int16", "float32"), (values, format) => {
        const audio = { samples: fromInt16(values), sampleRateHz: 16_000 };
        expect(readWav(writeWav(audio, { format }))).toEqual(audio);
      }),
    );
  });

  it("rounds and clips int16, keeps float32 as it is", () => {
    const loud = { samples: Float32Array.of(0.6 / 32_768, 1.2, -1.2), sampleRateHz: 8000 };
    expect(readWav(writeWav(loud)).samples).toEqual(fromInt16(Int16Array.of(1, 32_767, -32_768)));
    const floats = writeWav(loud, { format: "float32" });
    expect(new Float32Array(floats.slice(-12).buffer)).toEqual(loud.samples);
  });

  it("rejects audio that no reader could use", () => {
    const nan = { samples: Float32Array.of(0, NaN), sampleRateHz: 16_000 };
    expect(() => writeWav(nan)).toThrow(refusal("AUDIO_NOT_FINITE", "sample 1 of 2"));
    for (const sampleRateHz of [0, -1, 0.5, NaN, 2 ** 32])
      expect(() => writeWav({ samples, sampleRateHz })).toThrow(
        refusal("INVALID_ARGUMENT", `got ${sampleRateHz}`),
      );
  });
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
