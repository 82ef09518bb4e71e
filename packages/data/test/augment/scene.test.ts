import { describe, expect, it } from "vitest";

import { onlyAugment, parseAugmentConfig } from "../../src/config/augment-config.ts";
import { buildScene, type SceneOptions } from "../../src/augment/scene.ts";
import { createRandom } from "../../src/random.ts";
import { activeLevel } from "../../src/augment/dsp/level.ts";
import { createJoinTest } from "../../src/text/create-join-test.ts";
import { amplitudeAt, decibels, rmsOf, tone } from "./signals.ts";

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

  it("has its noise within the range asked over every command, whoever is loudest", () => {
    const random = createRandom("noise");
    // Swells from soft to loud and back every two seconds, by 20 dB.
    const swell = Float32Array.from(
      { length: 160_000 },
      (_, i) => 10 ** (Math.sin((Math.PI * i) / 16_000) / 2) * 300 * random.normal(),
    );
    const event = new Float32Array(80_000);
    event.set(swell.subarray(0, 16_000));
    const resources = {
      noises: [
        { name: "swell", samples: swell },
        { name: "event", samples: event },
      ],
    };
    const noise = { probability: 1, snrDb: [-5, 25] as [number, number] };
    const measured: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      const common = { levelDbfs: [-45, -38] as const, length: 160_000, resources };
      const clean = build(seed, common);
      const mixed = build(seed, { ...common, config: onlyAugment({ noise }) });
      for (const { start, end, wholeLength } of mixed.commands) {
        if (end - start < wholeLength) continue;
        const spoken = clean.samples.subarray(start, end);
        const added = mixed.samples.subarray(start, end).map((x, i) => x - spoken[i]!);
        measured.push(decibels(activeLevel(spoken) / rmsOf(added)));
      }
    }
    expect(measured.length).toBeGreaterThan(60);
    // Samples are rounded: 0.5 dB.
    expect(Math.min(...measured)).toBeGreaterThan(-5.5);
    expect(Math.max(...measured)).toBeLessThan(25.5);
    expect(measured.filter((snrDb) => snrDb < 10).length).toBeGreaterThan(measured.length / 5);
  });

  it("draws long commands again, and says no phrase out of two utterances", () => {
    const talkOf = (text: string) => ({ name: text, text, samples: tone(300, { length: 8000 }) });
    const makesPhrase = createJoinTest(["galactic temperature"]);
    const slow = onlyAugment({ timeScale: { probability: 1, factor: [0.8, 1.4] } });
    const scenes = Array.from({ length: 10 }, (_, seed) =>
      build(seed, {
        length: 160_000,
        talk: ["galactic", "temperature", "nothing"].map(talkOf),
        resources: { makesPhrase },
        maxCommandLength: 9000,
        config: slow,
      }),
    );
    const lengths = scenes.flatMap((scene) => scene.commands.map(({ wholeLength }) => wholeLength));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(9000);
    const said = scenes.map((scene) =>
      [...scene.commands, ...scene.talk]
        .toSorted((a, b) => a.start - b.start)
        .map(({ name }) => name)
        .join(" "),
    );
    expect(said.join("; ")).toContain("galactic");
    expect(said.join("; ")).not.toContain("galactic temperature");
  });

  it("needs something to say", () => {
    expect(() => build(1, { commands: [], talk: [] })).toThrow(/at least one clip/);
  });
});
