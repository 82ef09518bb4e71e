import { describe, expect, it } from "vitest";

import { butterworth, designBiquad, filter } from "../../../src/augment/dsp/biquad.ts";
import { colouredNoise, NOISE_COLOURS } from "../../../src/augment/dsp/coloured-noise.ts";
import { equalize } from "../../../src/augment/dsp/equalizer.ts";
import { activeLevel, quantize } from "../../../src/augment/dsp/level.ts";
import { compress } from "../../../src/augment/dsp/compressor.ts";
import { throughOpus } from "../../../src/augment/dsp/opus.ts";
import { loopNoise, mixAtSnr } from "../../../src/augment/dsp/mix-noise.ts";
import { alignImpulseResponse, reverberate } from "../../../src/augment/dsp/reverberate.ts";
import { drawRoom, roomImpulseResponse, type Room } from "../../../src/augment/dsp/synthetic-room.ts";
import { muLawDecode, muLawEncode, telephone, throughMuLaw } from "../../../src/augment/dsp/telephone.ts";
import { createRandom } from "../../../src/random.ts";
import { amplitudeAt, decibels, rmsOf, SAMPLE_RATE_HZ, tone } from "../signals.ts";

describe("mu-law", () => {
  it("decodes to the values of G.711 table 2a (14 bit, here times 4)", () => {
    // Quantized values at the segment ends: y(1)..., G.711 11/1988 table 2a, column 8.
    const table: readonly (readonly [code: number, value14: number])[] = [
      [0x80, 8031],
      [0x8f, 4191],
      [0x9f, 2079],
      [0xaf, 1023],
      [0xbf, 495],
      [0xcf, 231],
      [0xdf, 99],
      [0xef, 33],
      [0xfe, 2],
      [0xff, 0],
    ];
    for (const [code, value] of table) {
      expect(muLawDecode(code)).toBe(4 * value);
      expect(Math.abs(muLawDecode(code & 0x7f))).toBe(4 * value);
    }
    expect(muLawDecode(0x00)).toBe(-32_124);
  });

  it("encodes as Python 3.11 audioop.lin2ulaw does", () => {
    const expected: readonly (readonly [sample: number, code: number])[] = [
      [0, 255],
      [3, 255],
      [4, 254],
      [11, 254],
      [12, 253],
      [100, 242],
      [500, 220],
      [-500, 92],
      [1000, 206],
      [-1000, 78],
      [4000, 175],
      [-4000, 47],
      [8191, 159],
      [-8191, 31],
      [16_000, 144],
      [-16_000, 16],
      [32_635, 128],
      [32_767, 128],
      [-32_768, 0],
    ];
    for (const [sample, code] of expected) expect([sample, muLawEncode(sample)]).toEqual([sample, code]);
  });

  it("comes back unchanged a second time, and never strays more than half an interval", () => {
    // The two zeros, 0x7f and 0xff, are one number.
    for (let code = 0; code < 256; code++)
      expect(muLawEncode(muLawDecode(code))).toBe(code === 0x7f ? 0xff : code);
    const ramp = Float32Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    const decoded = throughMuLaw(ramp);
    expect(throughMuLaw(decoded)).toEqual(decoded);
    const worst = ramp.reduce((most, x, i) => Math.max(most, Math.abs(x - decoded[i]!)), 0);
    // The coarsest interval is 1,024 wide; beyond 32,636 everything is the last value.
    expect(worst).toBeLessThanOrEqual(644);
  });
});

describe("filters", () => {
  const impulse = Float32Array.from({ length: 4096 }, (_, i) => (i === 0 ? 1 : 0));
  const gainAt = (response: Float32Array, frequencyHz: number): number => {
    let re = 0;
    let im = 0;
    for (let i = 0; i < response.length; i++) {
      re += response[i]! * Math.cos((2 * Math.PI * frequencyHz * i) / SAMPLE_RATE_HZ);
      im -= response[i]! * Math.sin((2 * Math.PI * frequencyHz * i) / SAMPLE_RATE_HZ);
    }
    return decibels(Math.hypot(re, im));
  };

  it("Butterworth equals scipy.signal.butter 1.17.1 (order 4, sos)", () => {
    const high = filter(
      impulse,
      butterworth("high-pass", { order: 4, frequencyHz: 300, sampleRateHz: SAMPLE_RATE_HZ }),
    );
    const low = filter(
      impulse,
      butterworth("low-pass", { order: 4, frequencyHz: 3400, sampleRateHz: SAMPLE_RATE_HZ }),
    );
    expect(high.subarray(0, 8)).toBeAllClose(
      [
        0.8572460848, -0.2638309751, -0.2224759197, -0.1850214443, -0.1512741485, -0.1210408161, -0.094128577,
        -0.070345139,
      ],
      { rtol: 1e-5, atol: 1e-7 },
    );
    expect(low.subarray(0, 8)).toBeAllClose(
      [
        0.0563975783, 0.2586515506, 0.4564638093, 0.3466952798, 0.0205533698, -0.1408277694, -0.060630102,
        0.0424206602,
      ],
      { rtol: 1e-5, atol: 1e-7 },
    );
    expect([100, 300, 1000].map((hz) => gainAt(high, hz))).toBeAllClose([-38.2061, -3.0103, -0.0003], {
      atol: 0.01,
    });
    expect([1000, 3400, 6000].map((hz) => gainAt(low, hz))).toBeAllClose([-0.0001, -3.0103, -38.8857], {
      atol: 0.01,
    });
  });

  it.each([
    [200, 6],
    [1000, -9],
    [5000, 12],
  ])("a peak at %i Hz has its gain of %i dB there and none far away", (frequencyHz, gainDb) => {
    const response = equalize(impulse, [{ shape: "peaking", frequencyHz, q: 2, gainDb }]);
    expect(gainAt(response, frequencyHz)).toBeCloseTo(gainDb, 2);
    expect(gainAt(response, 0)).toBeCloseTo(0, 2);
    expect(gainAt(response, 8000)).toBeCloseTo(0, 2);
  });

  it("shelves lift one side by their gain, and half of it (in dB) at the corner", () => {
    const low = filter(impulse, [
      designBiquad("low-shelf", {
        frequencyHz: 500,
        q: Math.SQRT1_2,
        gainDb: 8,
        sampleRateHz: SAMPLE_RATE_HZ,
      }),
    ]);
    expect([0, 500, 8000].map((hz) => gainAt(low, hz))).toBeAllClose([8, 4, 0], { atol: 0.01 });
    const high = filter(impulse, [
      designBiquad("high-shelf", {
        frequencyHz: 3000,
        q: Math.SQRT1_2,
        gainDb: -6,
        sampleRateHz: SAMPLE_RATE_HZ,
      }),
    ]);
    expect([0, 3000, 8000].map((hz) => gainAt(high, hz))).toBeAllClose([0, -3, -6], { atol: 0.01 });
  });
});

describe("telephone", () => {
  it.each([{ halfRate: false }, { halfRate: true }])(
    "passes the voice band and stops the rest, in place: $halfRate",
    (options) => {
      const through = (hz: number): number => {
        const samples = tone(hz, { length: 16_001 });
        const output = telephone(samples, options);
        expect(output).toHaveLength(16_001);
        return decibels(amplitudeAt(output, hz) / amplitudeAt(samples, hz));
      };
      expect(through(1000)).toBeCloseTo(0, 0);
      expect(through(300)).toBeCloseTo(-3, 0);
      expect(through(80)).toBeLessThan(-40);
      expect(through(7000)).toBeLessThan(-24);
    },
  );
});

describe("mixAtSnr", () => {
  const random = createRandom(1);
  const noiseOf = (length: number, level: number) =>
    Float32Array.from({ length }, () => level * random.normal());
  /** Half a second of tone between silences: its level is known, amplitude / sqrt(2). */
  const span = { start: 9600, end: 17_600 };
  const speechOf = (amplitude: number) => {
    const speech = new Float32Array(32_000);
    speech.set(tone(400, { length: 8000, amplitude }), span.start);
    return speech;
  };

  it.each([-5, 0, 12.5, 30])(
    "reaches %f dB where the phrase is, whatever the noise does elsewhere",
    (snrDb) => {
      const speech = speechOf(300);
      const noise = noiseOf(32_000, 15);
      // Ten times louder before the phrase: the ratio over the whole stretch is another.
      for (let i = 0; i < span.start; i++) noise[i]! *= 10;
      const mixed = mixAtSnr(speech, noise, { snrDb, span })!;
      const added = mixed.samples.map((sample, i) => sample - speech[i]!).subarray(span.start, span.end);
      expect(decibels(300 / Math.SQRT2 / rmsOf(added))).toBeCloseTo(snrDb, 1);
      expect(mixed.snrDb).toBeCloseTo(snrDb, 6);
    },
  );

  it("refuses noise that is silent where the phrase is", () => {
    const event = new Float32Array(32_000);
    event.set(noiseOf(6000, 3000), 0);
    expect(mixAtSnr(speechOf(1000), event, { snrDb: 10, span })).toBeUndefined();
    expect(mixAtSnr(speechOf(1000), event, { snrDb: 10, span: { start: 0, end: 6000 } })).toBeDefined();
    // A click within the phrase leaves the rest of it clean.
    const click = new Float32Array(32_000);
    click.set(noiseOf(320, 3000), 12_000);
    expect(mixAtSnr(speechOf(1000), click, { snrDb: 10, span })).toBeUndefined();
  });

  it("scales a mixture beyond int16 and keeps the ratio", () => {
    const speech = speechOf(30_000);
    const noise = noiseOf(32_000, 100);
    const { samples, snrDb } = mixAtSnr(speech, noise, { snrDb: 0, span })!;
    expect(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeCloseTo(32_767, 0);
    expect(snrDb).toBeCloseTo(0, 6);
    // The noise around the phrase tells the scale of the phrase.
    const scale = 30_000 / Math.SQRT2 / rmsOf(samples.subarray(0, span.start));
    const tonePower =
      rmsOf(samples.subarray(span.start, span.end)) ** 2 - rmsOf(samples.subarray(0, span.start)) ** 2;
    expect(scale).toBeGreaterThan(1);
    expect(decibels(Math.sqrt(tonePower) / rmsOf(samples.subarray(0, span.start)))).toBeCloseTo(0, 0);
  });

  it("measures the spoken part alone", () => {
    const speech = new Float32Array(160_000);
    speech.set(tone(400, { length: 3200, amplitude: 1000 }), 80_000);
    expect(activeLevel(speech)).toBeCloseTo(1000 / Math.SQRT2, 0);
    expect(activeLevel(new Float32Array(1000))).toBe(0);
  });

  it("takes speech at -26 dBFS where there is none", () => {
    const silence = new Float32Array(1000);
    expect(mixAtSnr(silence, silence, { snrDb: 0 })).toBeUndefined();
    // 32768 * 10^(-26/20) = 1642.
    const { samples } = mixAtSnr(silence, tone(500, { length: 1000 }), { snrDb: 0 })!;
    expect(rmsOf(samples)).toBeCloseTo(1642.3, 0);
  });
});

describe("compress", () => {
  const options = { thresholdDb: 40, ratio: 4, attackSeconds: 0.005, releaseSeconds: 0.1 };
  const compressed = (amplitude: number) =>
    compress(tone(500, { length: 16_000, amplitude }), options).subarray(8000);

  it("raises the output by 1/ratio of what the input rises above the threshold, by all of it below", () => {
    // Threshold 40 dB is amplitude 100: 12 dB above it come out 3 dB above.
    expect(decibels(rmsOf(compressed(398.1)) / (100 / Math.SQRT2))).toBeCloseTo(3, 0);
    expect(decibels(rmsOf(compressed(3981)) / rmsOf(compressed(398.1)))).toBeCloseTo(5, 0);
    expect(rmsOf(compressed(50))).toBeCloseTo(50 / Math.SQRT2, 3);
  });

  it("lets the beginning of a loud part through, and recovers after it", () => {
    const samples = tone(500, { length: 32_000, amplitude: 50 });
    samples.set(tone(500, { length: 8000, amplitude: 5000 }), 8000);
    const output = compress(samples, options);
    const level = (from: number) => rmsOf(output.subarray(from, from + 320));
    expect(level(8000)).toBeGreaterThan(1.5 * level(14_000));
    // 34 dB above the threshold, 25.5 dB of reduction: after 0.1 s a factor e less, after a second none.
    expect(decibels(level(16_000) / level(7000))).toBeLessThan(-18);
    expect(decibels(level(31_000) / level(7000))).toBeCloseTo(0, 0);
  });
});

describe("throughOpus", () => {
  it("keeps length, timing and the voice band, and loses what a low bitrate has no room for", async () => {
    const random = createRandom(1);
    // Bursts of a voice-like tone complex.
    const samples = Float32Array.from({ length: 16_001 }, (_, i) =>
      i % 4000 < 2000
        ? [1, 2, 3, 5].reduce((sum, n) => sum + 1500 * Math.sin((2 * Math.PI * 150 * n * i) / 16_000), 0)
        : random.normal(),
    );
    const errorAt = async (bitrate: number) => {
      const decoded = await throughOpus(samples, { bitrate });
      expect(decoded).toHaveLength(16_001);
      const overlap = (lag: number) => samples.reduce((sum, x, i) => sum + x * (decoded[i + lag] ?? 0), 0);
      const lags = Array.from({ length: 41 }, (_, i) => i - 20);
      const best = lags.toSorted((a, b) => overlap(b) - overlap(a))[0]!;
      expect(Math.abs(best)).toBeLessThanOrEqual(4);
      return rmsOf(decoded.map((x, i) => x - samples[i]!)) / rmsOf(samples);
    };
    const [low, high] = [await errorAt(6000), await errorAt(64_000)];
    expect(high).toBeLessThan(0.45);
    expect(low).toBeGreaterThan(1.3 * high);
    expect(await throughOpus(samples, { bitrate: 9000 })).toEqual(
      await throughOpus(samples, { bitrate: 9000 }),
    );
  });
});

describe("loopNoise", () => {
  it("takes a stretch where it lies", () => {
    const recording = Float32Array.from({ length: 1000 }, (_, i) => i);
    expect([...loopNoise(recording, { offset: 300, length: 3 })]).toEqual([300, 301, 302]);
  });

  it("goes round without a click", () => {
    const recording = tone(313, { length: 5000 });
    const output = loopNoise(recording, { offset: 1234, length: 30_000 });
    const steepest = (samples: Float32Array): number =>
      samples.reduce((most, x, i) => (i === 0 ? 0 : Math.max(most, Math.abs(x - samples[i - 1]!))), 0);
    expect(steepest(output)).toBeLessThan(1.5 * steepest(recording));
    expect(loopNoise(new Float32Array(0), { offset: 0, length: 5 })).toEqual(new Float32Array(5));
    expect(loopNoise(Float32Array.of(7), { offset: 0, length: 3 })).toEqual(Float32Array.of(7, 7, 7));
  });
});

describe("colouredNoise", () => {
  it.each(Object.entries(NOISE_COLOURS))(
    "%s noise has its slope over the octaves and RMS 1",
    (_, exponent) => {
      const octaves = [250, 500, 1000, 2000, 4000];
      const power = octaves.map(() => 0);
      let rms = 0;
      for (let seed = 0; seed < 6; seed++) {
        const samples = colouredNoise(16_384, { exponent, random: createRandom(seed) });
        rms += rmsOf(samples) / 6;
        for (const [i, centre] of octaves.entries())
          for (let step = -10; step <= 10; step++)
            power[i]! += amplitudeAt(samples, centre + step * 7.3) ** 2;
      }
      const slope = decibels(Math.sqrt(power[4]! / power[0]!)) / 4;
      expect(Math.abs(slope + 10 * Math.log10(2) * exponent)).toBeLessThan(0.5);
      expect(rms).toBeGreaterThan(0.7);
      expect(rms).toBeLessThan(1.3);
    },
  );

  it("repeats after 32,768 samples without a step", () => {
    const samples = colouredNoise(100_000, { exponent: NOISE_COLOURS.brown, random: createRandom(1) });
    expect(samples).toHaveLength(100_000);
    expect(samples.subarray(32_768)).toEqual(samples.subarray(0, 100_000 - 32_768));
    const steps = samples.subarray(1).map((sample, i) => Math.abs(sample - samples[i]!));
    expect(steps[32_767]).toBeLessThan(5 * (steps.reduce((sum, step) => sum + step, 0) / steps.length));
  });
});

describe("rooms", () => {
  const room: Room = {
    size: [6, 4.5, 3],
    source: [1.5, 1.2, 1.4],
    microphone: [4, 3, 1.2],
    reverberationSeconds: 0.4,
    brightness: 1,
  };

  it("have their direct sound first, and reflections where geometry puts them", () => {
    const response = roomImpulseResponse({ ...room, reverberationSeconds: 0.3 }, createRandom(1));
    expect(response).toHaveLength(4800);
    expect(response[0]).toBe(1);
    // The floor (z = 0) is nearest: path over its mirror image against the direct one, at 343 m/s.
    const direct = Math.hypot(2.5, 1.8, 0.2);
    const overFloor = Math.hypot(2.5, 1.8, 2.6);
    const delay = Math.round(((overFloor - direct) / 343) * SAMPLE_RATE_HZ);
    expect(response.subarray(1, delay).every((value) => value === 0)).toBe(true);
    expect(response[delay]).toBeGreaterThan(0);
  });

  it.each([0.2, 0.4, 0.8])(
    "die away by 60 dB in %f s (Schroeder's integral, 5 to 25 dB)",
    (reverberationSeconds) => {
      const response = roomImpulseResponse({ ...room, reverberationSeconds }, createRandom(2));
      const left = new Float64Array(response.length + 1);
      for (let i = response.length - 1; i >= 0; i--) left[i] = left[i + 1]! + response[i]! ** 2;
      const timeOf = (db: number): number =>
        left.findIndex((energy) => 10 * Math.log10(energy / left[0]!) < db) / SAMPLE_RATE_HZ;
      const measured = (timeOf(-25) - timeOf(-5)) * 3;
      expect(Math.abs(measured / reverberationSeconds - 1)).toBeLessThan(0.25);
    },
  );

  it("drawn ones keep to their limits and give finite responses", () => {
    const random = createRandom(3);
    for (let i = 0; i < 50; i++) {
      const drawn = drawRoom(random, 0.05 + i * 0.02);
      const distance = Math.hypot(...drawn.source.map((value, axis) => value - drawn.microphone[axis]!));
      expect(distance).toBeLessThanOrEqual(4.01);
      expect(roomImpulseResponse(drawn, random).every(Number.isFinite)).toBe(true);
    }
  });

  it("a delta as response changes nothing, and a delayed direct sound delays nothing", () => {
    const samples = tone(300, { length: 5000 });
    expect(reverberate(samples, Float32Array.of(1))).toBeAllClose(samples, { atol: 0.05 });
    const late = alignImpulseResponse(Float32Array.of(0, 0, 0.1, -3, 0.5));
    expect([...late]).toEqual([-3, 0.5]);
    expect(reverberate(samples, late)).toHaveLength(5000);
    expect(activeLevel(reverberate(samples, roomImpulseResponse(room, createRandom(1))))).toBeCloseTo(
      activeLevel(samples),
      0,
    );
  });
});

it("quantize gives whole int16 magnitudes", () => {
  expect([...quantize(Float32Array.of(0.4, -1.6, 40_000, -40_000))]).toEqual([0, -2, 32_767, -32_768]);
});
