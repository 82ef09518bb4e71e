import { describe, expect, it } from "vitest";

import { onlyAugment, parseAugmentConfig } from "../../src/config/augment-config.ts";
import { buildScene, type SceneOptions } from "../../src/augment/scene.ts";
import { createRandom } from "../../src/random.ts";
import { amplitudeAt, rmsOf, tone } from "./signals.ts";

const command = (label: string, frequencyHz: number) => ({
  name: `${label}.wav`,
  label,
  samples: tone(frequencyHz, { length: 9000 }),
});
const commands = [command("on", 1000), command("off", 1500)];
const talk = [
  { name: "talk 1", samples: tone(300, { length: 20_000 }) },
  { name: "talk 2", samples: tone(450, { length: 12_000 }) },
];
const build = (seed: number, changes: Partial<SceneOptions> = {}) =>
  buildScene({
    length: 96_000,
    commands,
    talk,
    config: onlyAugment(),
    random: createRandom(seed),
    ...changes,
  });

describe("buildScene", () => {
  it("knows to the sample where everything is", () => {
    for (let seed = 0; seed < 10; seed++) {
      const scene = build(seed);
      expect(scene.samples).toHaveLength(96_000);
      const all = [...scene.commands, ...scene.talk].toSorted((a, b) => a.start - b.start);
      let silenceFrom = 0;
      for (const { start, end, wholeLength } of all) {
        // At least the least pause of 50 ms between two; silence is exactly zero, an utterance is not.
        expect(start - silenceFrom).toBeGreaterThanOrEqual(silenceFrom === 0 ? 0 : 800);
        expect(scene.samples.subarray(silenceFrom, start).every((x) => x === 0)).toBe(true);
        expect(rmsOf(scene.samples.subarray(start, end))).toBeGreaterThan(10);
        expect(end).toBe(Math.min(96_000, start + wholeLength));
        silenceFrom = end;
      }
      expect(scene.samples.subarray(silenceFrom).every((x) => x === 0)).toBe(true);
    }
  });

  it("names the command that is heard", () => {
    for (let seed = 0; seed < 10; seed++) {
      const scene = build(seed);
      for (const { start, end, label, name } of scene.commands.filter((one) => one.end - one.start > 2000)) {
        const frequency = label === "on" ? 1000 : 1500;
        const stretch = scene.samples.subarray(start, end);
        expect(amplitudeAt(stretch, frequency)).toBeGreaterThan(10 * amplitudeAt(stretch, 2500 - frequency));
        expect(name).toBe(`${label}.wav`);
      }
    }
  });

  it("says commands as often as asked", () => {
    let said = 0;
    let turns = 0;
    for (let seed = 0; seed < 60; seed++) {
      const scene = build(seed, { length: 320_000 });
      said += scene.commands.length;
      turns += scene.commands.length + scene.talk.length;
    }
    // About 900 turns: three standard deviations are 0.05.
    expect(Math.abs(said / turns - 0.35)).toBeLessThan(0.05);
    expect(build(1, { commandShare: 0 }).commands).toEqual([]);
    expect(build(1, { talk: [] }).talk).toEqual([]);
  });

  it("is the same for a seed, and keeps its truth under every augmentation", () => {
    const noises = [{ name: "hum", samples: tone(100, { length: 9000 }) }];
    const options = { config: parseAugmentConfig({}), resources: { noises } };
    const scene = build(3, options);
    expect(build(3, options)).toEqual(scene);
    expect(build(4, options).samples).not.toEqual(scene.samples);
    expect(scene.samples.every((x) => Number.isInteger(x) && Math.abs(x) <= 32_768)).toBe(true);
    const lengths = scene.parameters.filter(({ step }) => step === "utterance");
    expect(lengths).toHaveLength(scene.commands.length + scene.talk.length);
    for (const { start, end } of scene.commands) expect(end).toBeGreaterThan(start);
  });

  it("needs something to say", () => {
    expect(() => build(1, { commands: [], talk: [] })).toThrow(/at least one clip/);
  });
});
