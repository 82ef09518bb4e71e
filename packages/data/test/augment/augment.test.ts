import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { augment, type AugmentOptions } from "../../src/augment/augment.ts";
import { onlyAugment, parseAugmentConfig } from "../../src/config/augment-config.ts";
import { placePhrase } from "../../src/augment/place-phrase.ts";
import { createJoinTest } from "../../src/text/create-join-test.ts";
import { activeLevel } from "../../src/augment/dsp/level.ts";
import { createRandom } from "../../src/random.ts";
import { decibels, rmsOf, tone } from "./signals.ts";

/** Silence, a burst that is the phrase, silence. */
function burst(): { samples: Float32Array; phraseStart: number; phraseEnd: number } {
  const samples = new Float32Array(16_000);
  samples.set(tone(600, { length: 6000 }), 4000);
  return { samples, phraseStart: 4000, phraseEnd: 10_000 };
}

const noises = [{ name: "hum", samples: tone(100, { length: 20_000, amplitude: 500 }) }];
const speech = [{ name: "talk", samples: tone(250, { length: 12_000, amplitude: 4000 }) }];
const impulseResponses = [{ name: "two echoes", samples: Float32Array.of(0, 1, 0.2, 0, 0.1) }];

/** Where a burst on silence really is: first and last sample above a tenth of its peak. */
function loudStretch(samples: Float32Array): [start: number, end: number] {
  const threshold = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 10;
  const loud = (x: number): boolean => Math.abs(x) > threshold;
  return [samples.findIndex(loud), samples.findLastIndex(loud) + 1];
}

describe("augment", () => {
  const off = onlyAugment();
  const run = (options: Partial<AugmentOptions>) =>
    augment(burst(), { config: off, random: createRandom(1), ...options })!;

  it("with every step off gives the clip back, rounded, and leaves the input alone", () => {
    const clip = burst();
    const before = clip.samples.slice();
    const output = augment(clip, { config: off, random: createRandom(1) });
    expect(output.samples).toEqual(clip.samples.map((x) => Math.round(x)));
    expect([output.phraseStart, output.phraseEnd]).toEqual([4000, 10_000]);
    augment(clip, { config: parseAugmentConfig({}), random: createRandom(1), resources: { noises, speech } });
    expect(clip.samples).toEqual(before);
  });

  it.each([
    ["speed", onlyAugment({ speed: { probability: 1, factor: [0.8, 0.8] } }), 1 / 0.8],
    ["time-scale", onlyAugment({ timeScale: { probability: 1, factor: [1.3, 1.3] } }), 1.3],
    ["pitch", onlyAugment({ pitch: { probability: 1, semitones: [3, 3] } }), 1],
    ["formants", onlyAugment({ formants: { probability: 1, factor: [1.1, 1.1] } }), 1],
  ])("tracks the phrase through %s", (step, config, factor) => {
    const output = run({ config });
    expect(output.parameters.map((parameter) => parameter.step)).toEqual([step, "placement"]);
    expect(output.samples).toHaveLength(Math.round(16_000 * factor));
    expect([output.phraseStart, output.phraseEnd]).toEqual([
      Math.round(4000 * factor),
      Math.round(10_000 * factor),
    ]);
    const [start, end] = loudStretch(output.samples);
    // WSOLA and the formant frames move an edge by at most their own length, 10 and 32 ms; speed by nothing.
    const tolerance = step === "speed" ? 10 : 512;
    expect(Math.abs(start - output.phraseStart)).toBeLessThan(tolerance);
    expect(Math.abs(end - output.phraseEnd)).toBeLessThan(tolerance);
  });

  it.each([
    "room",
    "equalizer",
    "noise",
    "compressor",
    "gain",
    "colouredNoise",
    "clipping",
    "telephone",
  ] as const)("%s changes the samples and neither length nor interval", (step) => {
    const output = run({ config: onlyAugment({ [step]: { probability: 1 } }), resources: { noises } });
    const reference = run({});
    expect(output.samples).not.toEqual(reference.samples);
    expect(output.samples).toHaveLength(16_000);
    expect([output.phraseStart, output.phraseEnd]).toEqual([4000, 10_000]);
    const name = step === "colouredNoise" ? "coloured-noise" : step;
    expect(output.parameters.map((parameter) => parameter.step)).toEqual(["placement", name]);
  });

  it("records what it drew, and what it recorded is what was done", () => {
    const config = onlyAugment({
      noise: { probability: 1, snrDb: [7, 7] },
      gain: { probability: 1, peakDbfs: [-6, -6] },
    });
    const output = run({ config, resources: { noises } });
    const [, noise, gain] = output.parameters;
    expect(noise).toMatchObject({ step: "noise", recording: "hum", snrDb: 7 });
    expect(gain).toEqual({ step: "gain", peakDbfs: -6 });
    const loudest = output.samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(decibels(loudest / 32_768)).toBeCloseTo(-6, 2);
    // Before and after the burst there is only noise; in it, tone and noise.
    const quiet = rmsOf(output.samples.subarray(0, 3900));
    const loud = rmsOf(output.samples.subarray(4000, 10_000));
    expect(decibels(Math.sqrt(loud ** 2 - quiet ** 2) / quiet)).toBeCloseTo(7, 0);
    expect(JSON.parse(JSON.stringify(output.parameters))).toEqual(output.parameters);
  });

  it("takes impulse responses given to it, and does without noise where there is none", () => {
    const config = onlyAugment({ room: { probability: 1, synthetic: 0 }, noise: { probability: 1 } });
    const silence = [{ name: "silence", samples: new Float32Array(8000) }];
    expect(run({ config, resources: { impulseResponses, noises: silence } }).parameters).toEqual([
      { step: "placement", kind: "whole", phraseStart: 4000, phraseEnd: 10_000 },
      { step: "room", response: "two echoes" },
    ]);
  });

  it("puts speech before and after at the gap it drew, and none into the phrase", () => {
    const config = onlyAugment({
      speechAround: { before: 1, after: 1, closeShare: 0, gapSeconds: [0.1, 0.1], levelDb: [0, 0] },
    });
    const placement = { kind: "stretch", before: 20_000, after: 16_000 } as const;
    const output = run({ config, placement, resources: { speech } });
    const alone = run({ placement });
    const added = output.samples.map((x, i) => x - alone.samples[i]!);
    expect(loudStretch(added.subarray(0, 20_000))).toEqual([
      expect.closeTo(20_000 - 1600 - 12_000, -2),
      expect.closeTo(18_400, -2),
    ]);
    expect(rmsOf(added.subarray(18_401, 26_000 + 1600))).toBe(0);
    expect(
      decibels(rmsOf(added.subarray(8000, 18_000)) / rmsOf(alone.samples.subarray(20_000, 26_000))),
    ).toBeCloseTo(0, 0);
  });

  it("lets talk follow without a pause, inside the window of the phrase", () => {
    const config = onlyAugment({ speechAround: { before: 0, after: 1, closeShare: 1, levelDb: [0, 0] } });
    const placement = { kind: "window-end", windowLength: 32_000, gapLength: [3200, 3200] } as const;
    const gaps = Array.from({ length: 20 }, (_, seed) => {
      const options = { placement, random: createRandom(seed) };
      const output = augment(burst(), { ...options, config, resources: { speech } })!;
      const alone = augment(burst(), { ...options, config: off })!;
      const added = output.samples.map((x, i) => x - alone.samples[i]!);
      return added.findIndex((x) => Math.abs(x) > 10) - output.phraseEnd;
    });
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    expect(Math.min(...gaps)).toBeLessThan(300);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1300);
  });

  it.each([
    ["babble", onlyAugment({ babble: { probability: 1, snrDb: [3, 3] } })],
    ["loudspeaker", onlyAugment({ loudspeaker: { probability: 1, snrDb: [3, 3] } })],
  ])("%s is talk of others at its ratio over the phrase, and says no phrase", (step, config) => {
    const texts = ["galactic", "temperature", "now"];
    const talkers = texts.map((text, i) => ({
      name: text,
      text,
      samples: tone(200 + 90 * i, { length: 4000 }),
    }));
    const joined: string[] = [];
    const isPhrase = createJoinTest(["galactic temperature"]);
    const makesPhrase = (said: readonly (string | undefined)[]) => {
      if (!isPhrase(said)) joined.push(said.join(" "));
      return isPhrase(said);
    };
    const output = run({ config, resources: { talkers, makesPhrase } });
    const spoken = run({}).samples.subarray(4000, 10_000);
    const added = output.samples.subarray(4000, 10_000).map((x, i) => x - spoken[i]!);
    expect(decibels(activeLevel(spoken) / rmsOf(added))).toBeCloseTo(3, 1);
    expect(output.parameters.map((parameter) => parameter.step)).toEqual(["placement", step]);
    expect(joined.length).toBeGreaterThan(2);
    expect(joined.join("; ")).not.toContain("galactic temperature");
  });

  it("puts no speech beside a clip that completes a phrase with it", () => {
    const config = onlyAugment({ speechAround: { before: 1, after: 1 } });
    const talk = ["temperature", "galactic", "now"].map((text) => ({ ...speech[0]!, name: text, text }));
    const resources = { speech: talk, makesPhrase: createJoinTest(["galactic temperature"]) };
    const placement = { kind: "stretch", before: 20_000, after: 16_000 } as const;
    const said = (text: string) =>
      Array.from({ length: 20 }, (_, seed) => {
        const clip = { ...burst(), text };
        const { parameters } = augment(clip, { config, resources, placement, random: createRandom(seed) });
        const of = (side: string) =>
          (parameters.find(({ step }) => step === side)?.recording as string | undefined) ?? "";
        return `${of("speech before")} ${text} ${of("speech after")}`;
      });
    for (const heard of [...said("galactic"), ...said("temperature")])
      expect(heard).not.toContain("galactic temperature");
    expect(said("galactic").some((heard) => heard.endsWith("galactic now"))).toBe(true);
  });

  it("is the same for the same seed, another for another, finite, whole and within int16", () => {
    const config = parseAugmentConfig({});
    const resources = { noises, speech, impulseResponses };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const placement = { kind: "window-end", windowLength: 32_000, gapLength: [0, 3200] } as const;
        const one = augment(burst(), { config, resources, placement, random: createRandom(seed) })!;
        const two = augment(burst(), { config, resources, placement, random: createRandom(seed) });
        expect(two).toEqual(one);
        expect(one.samples).toHaveLength(32_000);
        expect(one.samples.every((x) => Number.isInteger(x) && x >= -32_768 && x <= 32_767)).toBe(true);
        expect(one.phraseEnd).toBeGreaterThanOrEqual(32_000 - 3200);
        const other = augment(burst(), { config, resources, placement, random: createRandom(seed + 1) })!;
        expect(other.samples).not.toEqual(one.samples);
      }),
      { seed: 1, numRuns: 12 },
    );
  });

  it("a step's own numbers do not depend on the other steps", () => {
    const noise = { probability: 1 };
    const alone = run({ config: onlyAugment({ noise }), resources: { noises } });
    const withRoom = run({ config: onlyAugment({ noise, room: { probability: 1 } }), resources: { noises } });
    const drawn = (steps: typeof alone.parameters) => steps.find(({ step }) => step === "noise");
    expect(drawn(withRoom.parameters)).toEqual(drawn(alone.parameters));
  });

  it("survives an empty clip and refuses a phrase outside it", () => {
    const empty = augment(
      { samples: new Float32Array(0) },
      { config: parseAugmentConfig({}), random: createRandom(1), resources: { noises } },
    );
    expect(empty.samples).toHaveLength(0);
    const outside = { samples: new Float32Array(10), phraseEnd: 11 };
    expect(() => augment(outside, { config: off, random: createRandom(1) })).toThrow(
      /a clip of 10 samples, got 0 to 11/,
    );
  });
});

describe("augmentation config", () => {
  it("has a default for everything, and names what is wrong", () => {
    expect(parseAugmentConfig({}).noise.snrDb).toEqual([0, 30]);
    expect(() => parseAugmentConfig({ nois: {} })).toThrow(/unknown key "nois"; did you mean "noise"/);
    expect(() => parseAugmentConfig({ noise: { snrDb: [30, 0] } })).toThrow(/lower end of the range first/);
    expect(() => parseAugmentConfig({ gain: { probability: 2 } })).toThrow(/gain.probability/);
  });
});

describe("placement", () => {
  const phrase = burst();
  it("ends the phrase 0 to 200 ms before the window does, every gap about as often", () => {
    const random = createRandom(1);
    const gaps = Array.from({ length: 400 }, () => {
      const placed = placePhrase(phrase, {
        placement: { kind: "window-end", windowLength: 32_000, gapLength: [0, 3200] },
        random,
      });
      expect(placed.samples).toHaveLength(32_000);
      const [start, end] = loudStretch(placed.samples);
      expect(Math.abs(start - placed.phraseStart)).toBeLessThan(5);
      expect(Math.abs(end - placed.phraseEnd)).toBeLessThan(5);
      return 32_000 - placed.phraseEnd;
    });
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3200);
    const quarters = [0, 1, 2, 3].map((k) => gaps.filter((gap) => Math.floor(gap / 801) === k).length);
    expect(Math.min(...quarters)).toBeGreaterThan(70);
  });

  it("never cuts a phrase", () => {
    const placement = { kind: "window-end", windowLength: 6100, gapLength: [50, 200] } as const;
    expect(() => placePhrase(phrase, { placement, random: createRandom(1) })).toThrow(
      /a phrase of at most 5900 samples, got 6000/,
    );
  });

  it("a stretch leaves room for windows on both sides", () => {
    const placement = { kind: "stretch", before: 30_000, after: 4000, jitter: 1280 } as const;
    const placed = placePhrase(phrase, { placement, random: createRandom(4) });
    expect(placed.phraseStart).toBeGreaterThanOrEqual(30_000);
    expect(placed.phraseStart).toBeLessThanOrEqual(31_280);
    expect(placed.samples).toHaveLength(placed.phraseEnd + 4000);
  });
});
