import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkFinite,
  copyMagnitudes,
  copySamples,
  fromInt16,
  fromMagnitudes,
  roundMagnitudes,
  toInt16,
  toMagnitudes,
} from "@callsign/audio/internal";
import { refusal } from "../../../../test-support/refusal.ts";

describe("PCM conversion", () => {
  it("keeps int16, there and back, by way of -1..1 and of magnitudes", () => {
    fc.assert(
      fc.property(fc.int16Array(), (samples) => {
        const floats = fromInt16(samples);
        expect([...floats]).toEqual([...samples].map((sample) => sample / 32_768));
        expect(toInt16(floats)).toEqual(samples);
        const magnitudes = toMagnitudes(floats);
        expect([...magnitudes]).toEqual([...samples]);
        expect(fromMagnitudes(magnitudes)).toEqual(floats);
        expect(roundMagnitudes(magnitudes)).toEqual(samples);
        expect(copyMagnitudes(samples, { name: "clip" })).toEqual(magnitudes);
        expect(copyMagnitudes(floats, { name: "clip" })).toEqual(magnitudes);
      }),
    );
  });

  it("keeps every bit of float32 in both scales", () => {
    fc.assert(
      fc.property(fc.float32Array({ min: -1.5, max: 1.5, noNaN: true }), (samples) => {
        // Below 2^-111 an unscaled sample would be lost in the subnormals, 580 dB under full scale.
        const audible = samples.map((sample) => (Math.abs(sample) < 2 ** -111 ? 0 : sample));
        expect(fromMagnitudes(copyMagnitudes(audible, { name: "clip" }))).toEqual(audible);
      }),
    );
  });

  it.each([
    [Float32Array.of(0, 0, 0.5, -1, 1, 1.4, -1.5, 8213), "got 8213 at sample 7"],
    [Float32Array.of(-1.6), "got -1.600000023841858 at sample 0"],
  ])("refuses another scale and says which was expected", (samples, got) => {
    const message = `clip: expected Float32Array samples in -1..1, ${got}; int16 magnitudes belong in an Int16Array`;
    expect(() => copySamples(samples, { name: "clip" })).toThrow(refusal("AUDIO_OUT_OF_RANGE", message));
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
    const rounded = [0, 1, 0, -1, 32_767, -32_768, 32_767, -32_768, 0, 32_767, -32_768];
    expect([...roundMagnitudes(samples)]).toEqual(rounded);
    expect([...toInt16(fromMagnitudes(samples))]).toEqual(rounded);
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
