import { createRandom, type NamedSamples } from "@callsign/data/internal";
import { stageRecording, type StagedRecording } from "@callsign/eval/internal";
import { describe, expect, it } from "vitest";

const RATE = 16_000;
const hiss = (seconds: number, { level, seed }: { level: number; seed: string }): Float32Array => {
  const random = createRandom(seed);
  return Float32Array.from({ length: seconds * RATE }, () => level * random.normal());
};

/** A second of quiet hiss with half a second of tone in it, 0.25 s after its start. */
function word(amplitude: number, name: string): Float32Array {
  const samples = hiss(1, { level: 3, seed: name });
  for (let i = 4000; i < 12_000; i++) samples[i]! += amplitude * Math.sin(0.3 * i);
  return samples;
}

/** Sound effects as in ESC-10: half a second of sound, then zeros up to five seconds. */
const effects: NamedSamples[] = ["bark", "sneeze", "crow"].map((name) => {
  const samples = new Float32Array(5 * RATE);
  samples.set(hiss(0.5, { level: 4000, seed: name }));
  return { name, samples };
});
const rain: NamedSamples = { name: "rain", samples: hiss(60, { level: 300, seed: "rain" }) };

const rms = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);

/** Speech-to-noise ratio at the word, from the difference to the same recording staged without noise. */
function ratioAt({ samples, speechStartMs, speechEndMs }: StagedRecording, clean: StagedRecording): number {
  const [from, to] = [speechStartMs * 16, speechEndMs * 16];
  const noise = samples.slice(from, to).map((value, i) => value - clean.samples[from + i]!);
  return 20 * Math.log10(rms(clean.samples.subarray(from, to)) / rms(noise));
}

describe("stageRecording", () => {
  const names = Array.from({ length: 40 }, (_, i) => `words/${i}.wav`);

  it("mixes every word at the ratio asked for, within 1 dB, though most noise is padded with silence", () => {
    for (const name of names) {
      const options = { name, content: "word" } as const;
      const clean = stageRecording(word(1000, name), { ...options, conditions: { seed: 1 } });
      const conditions = { seed: 1, noises: [...effects, rain], snrDb: [10] };
      const noisy = stageRecording(word(1000, name), { ...options, conditions });
      expect(Math.abs(ratioAt(noisy, clean) - 10)).toBeLessThan(1);
      expect(noisy.mixedSnrDb).toBeCloseTo(10, 6);
      // The recording's own hiss is 47 dB below.
      expect(noisy.snrDb).toBeCloseTo(10, 1);
    }
  });

  it("uses a noise as often as it is long", () => {
    const short = { name: "short", samples: rain.samples.subarray(0, 5 * RATE) };
    const drawn = names.map(
      (name) =>
        stageRecording(word(1000, name), {
          name,
          content: "word",
          conditions: { seed: 1, noises: [short, rain] },
        }).noise,
    );
    expect(drawn.filter((name) => name === "rain").length).toBeGreaterThan(30);
  });

  it("turns a mixture beyond int16 down as a whole and keeps its ratio", () => {
    const conditions = { seed: 1, noises: [rain], snrDb: [0] };
    const { samples, mixedSnrDb } = stageRecording(word(30_000, "loud"), {
      name: "loud",
      content: "word",
      conditions,
    });
    expect(samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeCloseTo(32_767, 0);
    expect(mixedSnrDb).toBeCloseTo(0, 6);
  });

  it("takes the level of talk from its first word to its last, and counts the recording's own noise", () => {
    const talk = new Float32Array(6 * RATE);
    talk.set(word(300, "first"), RATE);
    talk.set(word(3000, "last"), 4 * RATE);
    const staged = stageRecording(talk, { name: "talk", content: "talk", conditions: { seed: 1 } });
    // Two seconds of padding, a second and a quarter to the first word, three quarters after 4 s to the end of the last.
    expect(staged.speechStartMs).toBeCloseTo(3250, -2);
    expect(staged.speechEndMs).toBeCloseTo(6750, -2);
    const own = hiss(1, { level: 100, seed: "own" });
    const noisyWord = word(1000, "noisy").map((value, i) => value + own[i]!);
    const noisy = stageRecording(noisyWord, {
      name: "noisy",
      content: "word",
      conditions: { seed: 1, noises: [rain], snrDb: [17] },
    });
    // 1000 / sqrt(2) over 100 is 17 dB as recorded, and the same noise again at 17 dB takes 3 dB.
    expect(noisy.mixedSnrDb).toBeCloseTo(17, 6);
    expect(noisy.snrDb).toBeCloseTo(14, 0);
  });

  it("refuses noise that is nowhere heard", () => {
    const conditions = { seed: 1, noises: [{ name: "nothing", samples: new Float32Array(RATE) }] };
    expect(() => stageRecording(word(1000, "a"), { name: "a", content: "word", conditions })).toThrow(
      "noise: expected noise over the speech, got silence in 200 draws",
    );
  });
});
