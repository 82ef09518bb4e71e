import { describe, expect, it } from "vitest";

import { onlyAugment } from "../../src/config/augment-config.ts";
import { type DataConfigInput, parseDataConfig } from "../../src/config/config.ts";
import { featureSettings } from "../../src/features/feature-settings.ts";
import { type AudioMaker, type LabelledAudio, makeAudio } from "../../src/features/labelled-audio.ts";
import type { ClipRef, ShardPlan } from "../../src/features/shard-plan.ts";
import { windowLengthOf } from "../../src/labelling/windows.ts";
import { createRandom } from "../../src/random.ts";
import { createJoinTest } from "../../src/text/create-join-test.ts";
import { amplitudeAt, tone } from "../augment/signals.ts";

/** A clip whose first 100 ms are a tone of 1,234 Hz, the rest one of 400 Hz. */
function clipOf(seconds: number): Float32Array {
  const samples = tone(400, { length: Math.round(seconds * 16_000) });
  samples.set(tone(1234, { length: 1600 }));
  return samples;
}

const refOf = (label: string, text = label): ClipRef => ({
  path: `clips/${label}.wav`,
  sha256: "",
  label,
  text,
  speaker: "one speaker",
  durationSeconds: 1,
  provenance: {},
});

interface Making {
  readonly kind?: ShardPlan["kind"];
  readonly data?: DataConfigInput["data"];
  readonly clips?: readonly ClipRef[];
}

/** Audio of copies -1 to 39 of a clip. */
async function copiesOf(samples: Float32Array, making: Making = {}): Promise<(LabelledAudio | undefined)[]> {
  const { kind = "positive", data, clips = [refOf("go")] } = making;
  const labels = [{ label: "go", phrases: ["go home"] }];
  const config = parseDataConfig({ labels, data: { augmentation: onlyAugment(), ...data } }, { name: "x" });
  const settings = featureSettings(config, { sha256: "", path: "" });
  const maker: AudioMaker = {
    settings,
    plan: { kind, source: "x", split: "train", id: "x" } as ShardPlan,
    readClip: () => Promise.resolve(samples),
    resources: { speech: [] },
    commands: [],
    windowLength: windowLengthOf(settings.windowing),
  };
  return Promise.all(Array.from({ length: 41 }, (_, i) => makeAudio({ clips, copy: i - 1 }, maker)));
}

const slow = onlyAugment({ timeScale: { probability: 1, factor: [0.85, 1.35] } });

describe("a positive", () => {
  it("holds the phrase's first 100 ms, however slowly it is said", async () => {
    const [, ...copies] = await copiesOf(clipOf(1.6), { data: { augmentation: slow } });
    // A third of the draws would be longer than the window's 1.8 s; all find a shorter one.
    for (const copy of copies) {
      const { start, end, wholeLength } = copy!.commands[0]!;
      const beginning = copy!.samples.subarray(start, start + 1200);
      expect(amplitudeAt(beginning, 1234)).toBeGreaterThan(5 * amplitudeAt(beginning, 400));
      expect(end - start).toBe(wholeLength);
      expect(copy!.samples.length - end).toBeLessThanOrEqual(3200);
    }
  });

  it("is left out where it does not fit at any speed drawn", async () => {
    const [, ...copies] = await copiesOf(clipOf(2.3), { data: { augmentation: slow } });
    expect(copies.every((copy) => copy === undefined)).toBe(true);
  });

  it("ends within data.afterSeconds of its window's end", async () => {
    const [, ...copies] = await copiesOf(clipOf(0.8), { data: { afterSeconds: 0.4 } });
    const gaps = copies.map((copy) => copy!.samples.length - copy!.commands[0]!.end);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(6400);
    expect(Math.max(...gaps)).toBeGreaterThan(5000);
  });
});

describe("audio around a clip", () => {
  /** Longest run of exact zeros. */
  const silence = (samples: Float32Array): number => {
    let longest = 0;
    let run = 0;
    for (const sample of samples) longest = Math.max(longest, (run = sample === 0 ? run + 1 : 0));
    return longest;
  };

  it.each([
    ["a clean recording", { kind: "corpus", clips: [refOf("other")] }],
    ["a recording of a phrase", { kind: "corpus" }],
    ["a labelled recording", { kind: "recording" }],
    ["a noise", { kind: "noise", clips: [refOf("noise")] }],
    ["a phrase", {}],
  ] satisfies [string, Making][])("of %s is room tone, never digital silence", async (_, making) => {
    const noisy = clipOf(0.5);
    const random = createRandom(1);
    for (let i = 0; i < noisy.length; i++) noisy[i]! += random.normal();
    const copies = await copiesOf(noisy, making);
    // Copies are rounded to int16, as the tone of a silent room: a run of some samples is chance.
    for (const copy of copies) expect(silence(copy!.samples)).toBeLessThan(160);
  });
});

describe("createJoinTest", () => {
  const makesPhrase = createJoinTest(["galactic temperature", "lights"]);
  it.each([
    [["galactic", "temperature now"], true],
    [["it is galactic", "temperature"], true],
    [["galactic", undefined, "temperature"], false],
    [["temperature", "galactic"], false],
    // Said by one alone, not by the join.
    [["galactic temperature", "now"], false],
    [["the lights", "are on"], false],
    [["galactic", "galactic temperature"], false],
  ])("%j: %j", (texts, expected) => {
    expect(makesPhrase(texts)).toBe(expected);
  });
});
