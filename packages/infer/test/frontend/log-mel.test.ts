import { describe, expect, it } from "vitest";
import {
  hannWindow,
  LOG_MEL,
  logMel,
  logMelFrameCount,
  melFilters,
  powerSpectrum,
} from "@callsign/infer/internal";
import { noise } from "../../../../test-support/random.ts";
import { tone } from "../support/signals.ts";

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

describe("the transform", () => {
  it("has a Hann window that sums to half its length and overlaps to a constant", () => {
    const window = hannWindow();
    expect(window.reduce((a, b) => a + b)).toBeCloseTo(200, 10);
    for (let i = 0; i < 200; i++) expect(window[i]! + window[i + 200]!).toBeCloseTo(1, 12);
  });

  it("keeps energy (Parseval)", () => {
    const frame = noise(512, { seed: 3, peak: 10_000 });
    const power = powerSpectrum(frame);
    // Bins 1..255 stand for two each.
    const spectral =
      power.reduce((sum, value, bin) => sum + value * (bin === 0 || bin === 256 ? 1 : 2), 0) / 512;
    const temporal = hannWindow().reduce((sum, weight, i) => sum + (weight * frame[i + 56]!) ** 2, 0);
    expect(spectral / temporal).toBeCloseTo(1, 12);
  });

  it("puts a tone in its bin, with the window's amplitude", () => {
    for (const bin of [2, 20, 64, 121]) {
      const frame = Float32Array.from(
        { length: 512 },
        (_, i) => 1000 * Math.cos((2 * Math.PI * bin * i) / 512),
      );
      const power = powerSpectrum(frame);
      expect(power.indexOf(Math.max(...power))).toBe(bin);
      // Half the amplitude times the window's sum, 200; its mirror image leaks in at low bins.
      expect(Math.sqrt(power[bin]!) / (500 * 200)).toBeCloseTo(1, bin < 5 ? 1 : 4);
    }
  });
});

describe("melFilters", () => {
  it("has 32 triangles between 60 and 3800 Hz, with bins 2 to 121 in use", () => {
    const filters = melFilters();
    const used = Array.from({ length: 257 }, (_, bin) => bin).filter((bin) =>
      filters.some((f) => f[bin]! > 0),
    );
    expect([filters.length, used[0], used.at(-1), used.length]).toEqual([32, 2, 121, 120]);
    for (const filter of filters) expect(Math.min(...filter)).toBe(0);
  });

  it("has librosa's weights", () => {
    const filters = melFilters();
    for (const [mel, bin, weight] of LIBROSA_WEIGHTS) expect(filters[mel]![bin]! / weight).toBeCloseTo(1, 10);
  });
});

/** [mel, bin, weight] of librosa 0.11.0: filters.mel(sr=16000, n_fft=512, n_mels=32, fmin=60, fmax=3800, dtype=float64). */
const LIBROSA_WEIGHTS = [
  [0, 2, 0.000545258078546],
  [0, 4, 0.0141767100422],
  [0, 6, 0.001728475000991],
  [7, 18, 0.006218644263817],
  [7, 20, 0.009686540779369],
  [7, 21, 0.002870814797544],
  [13, 31, 0.00594604025283],
  [13, 33, 0.009717877007678],
  [13, 34, 0.003635946866858],
  [20, 50, 0.002318379139209],
  [20, 53, 0.007796151559718],
  [20, 56, 0.0009324636565584],
  [31, 106, 0.0001320658146035],
  [31, 114, 0.003741600392048],
  [31, 121, 0.0002953895046354],
] as const;

describe("logMel", () => {
  it("gives silence -100 dB", () => {
    const { data, rows, columns } = logMel(new Float32Array(2000), { floor: "window" });
    expect([rows, columns]).toEqual([10, 32]);
    expect(data).toBeAllClose(new Float32Array(320).fill(-8), { rtol: 0, atol: 1e-12 });
  });

  it("lies 2 higher (20 dB) for ten times the amplitude", () => {
    const quiet = noise(4000, { seed: 4, peak: 300 });
    const loud = quiet.map((sample) => sample * 10);
    const [a, b] = [logMel(quiet, { floor: "window" }), logMel(loud, { floor: "window" })];
    expect(b.data).toBeAllClose(
      a.data.map((value) => value + 2),
      { rtol: 0, atol: 1e-5 },
    );
  });

  it("raises what lies 80 dB under the maximum of its scope, and nothing else", () => {
    const samples = new Float32Array(2560);
    samples.set(tone(1280, { hz: 1000, peak: 30_000 }));
    const { data: window } = logMel(samples, { floor: "window" });
    const { data: chunk } = logMel(samples, { floor: "chunk" });
    const range = (values: Float32Array): number => Math.max(...values) - Math.min(...values);
    expect(range(window)).toBeCloseTo(8, 5);
    expect(range(chunk.subarray(0, 256))).toBeCloseTo(8, 5);
    // The second chunk still hears 480 loud samples, but its last frames only silence.
    const last = chunk.subarray(480);
    expect(new Set(last).size).toBe(1);
    expect(last[0]).toBeCloseTo(Math.max(...chunk.subarray(256)) - 8, 5);
  });

  it("counts frames", () => {
    for (const [samples, frames] of [
      [511, 0],
      [512, 1],
      [671, 1],
      [672, 2],
      [1760, 8],
      [13_000, 79],
      [964_096, 6023],
    ]) {
      expect(logMelFrameCount(samples!)).toBe(frames);
    }
    for (const [samples, frames] of [
      [1279, 0],
      [1280, 8],
      [2559, 8],
      [2560, 16],
    ]) {
      expect(logMelFrameCount(samples!, "chunk")).toBe(frames);
    }
  });

  it("takes a chunk's context, silence by default", () => {
    const samples = noise(1280, { seed: 5, peak: 1000 });
    const silence = new Float32Array(LOG_MEL.contextLength);
    const byDefault = logMel(samples, { floor: "chunk" }).data;
    expect(logMel(samples, { floor: "chunk", context: silence }).data).toEqual(byDefault);
    const context = noise(480, { seed: 6, peak: 1000 });
    expect(logMel(samples, { floor: "chunk", context }).data).not.toEqual(byDefault);
  });

  it("refuses what is too short or not finite, and a context of another length", () => {
    expect(() => logMel(new Float32Array(511), { floor: "window" })).toThrow(
      refusal("AUDIO_TOO_SHORT", /at least 512 samples at 16 kHz, got 511/),
    );
    expect(() => logMel(new Float32Array(1279), { floor: "chunk" })).toThrow(
      refusal("AUDIO_TOO_SHORT", /at least 1280 samples at 16 kHz, got 1279/),
    );
    const broken = new Float32Array(1280);
    broken[700] = Number.NaN;
    expect(() => logMel(broken, { floor: "window" })).toThrow(
      refusal("AUDIO_NOT_FINITE", /NaN at sample 700/),
    );
    for (const [floor, length] of [
      ["chunk", 479],
      ["window", 480],
    ] as const) {
      const options = { floor, context: new Float32Array(length) };
      expect(() => logMel(new Float32Array(1280), options)).toThrow(refusal("INVALID_ARGUMENT", /got 4/));
    }
  });
});
