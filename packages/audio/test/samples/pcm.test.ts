import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkFinite, fromInt16, fromUnitFloat, toInt16 } from "@callsign/audio/internal";
import { refusal } from "../../../../test-support/refusal.ts";

describe("PCM conversion", () => {
  it("keeps int16 magnitudes, there and back", () => {
    fc.assert(
      fc.property(fc.int16Array(), (samples) => {
        const floats = fromInt16(samples);
        expect([...floats]).toEqual([...samples]);
        expect(toInt16(floats)).toEqual(samples);
      }),
    );
  });

  it("gives the same for int16 and unit-scale float", () => {
    const samples = Int16Array.of(-32768, -1, 0, 1, 12_345, 32_767);
    const unit = Float32Array.from(samples, (sample) => sample / 32_768);
    expect(fromUnitFloat(unit)).toEqual(fromInt16(samples));
  });

  it("rounds to the nearest and clips", () => {
    const samples = Float32Array.of(
      0.4,
      0.6,
      -0.4,
      -0.6,
      40_000,
      -40_000,
      32_767.4,
      -32_768.4,
      NaN,
      Infinity,
      -Infinity,
    );
    expect([...toInt16(samples)]).toEqual([
      0, 1, 0, -1, 32_767, -32_768, 32_767, -32_768, 0, 32_767, -32_768,
    ]);
  });

  it.each([NaN, Infinity, -Infinity])("refuses %s and says where", (bad) => {
    const samples = new Float32Array(1000);
    samples[617] = bad;
    expect(() => checkFinite(samples, { name: "clip.wav" })).toThrow(
      refusal("AUDIO_NOT_FINITE", `clip.wav: expected finite samples, got ${bad} at sample 617 of 1000`),
    );
  });

  it("lets the largest numbers pass", () => {
    const samples = Float32Array.of(3.4e38, -3.4e38, 1e-45, -0);
    expect(() => checkFinite(samples, { name: "clip.wav" })).not.toThrow();
  });
});
