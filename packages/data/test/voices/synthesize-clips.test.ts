import { setTimeout as delay } from "node:timers/promises";
import { type Audio, CallsignError, toMagnitudes } from "@callsign/audio/internal";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/random.ts";
import type { SpeechEngine } from "../../src/voices/speech-engine.ts";
import { createFliteEngine } from "../../src/voices/engines/flite.ts";
import {
  synthesizeClips,
  type SynthesisEvent,
  type SynthesisPlan,
} from "../../src/voices/synthesize-clips.ts";
import { takeTurns, type TurnOptions } from "../../src/voices/take-turns.ts";

/** Makes a third of a second of a sound in a voice's pitch; what goes wrong is drawn with the voice. */
function toyEngine(
  options: { id?: string; faults?: readonly string[]; pitches?: number; slow?: boolean } = {},
): SpeechEngine {
  const { id = "toy", faults = ["none"], pitches = 1000, slow = false } = options;
  return {
    id,
    licence: `licence of ${id}`,
    deterministic: true,
    voices: () => [{ id: `${id}/one`, language: "en" }],
    drawVoice: (random) => ({
      engine: id,
      voice: `${id}/one`,
      pitch: 900 + random.integer(0, pitches - 1),
      fault: random.choice(faults),
    }),
    async synthesize(text, { pitch, fault }): Promise<Audio> {
      if (slow) await delay(Math.random() * 4);
      if (fault === "fails") throw new CallsignError("SYNTHESIS_FAILED", `${id}: no speech`);
      if (fault === "missing") throw new CallsignError("DEPENDENCY_MISSING", `${id}: install it`);
      const loudness = { silent: 0, clipped: 1.8 }[String(fault)] ?? 0.27;
      const length = { "too-short": 800, "too-long": 40_000 }[String(fault)] ?? 4800 + text.length;
      const wave = (i: number): number => loudness * Math.sin((2 * Math.PI * Number(pitch) * i) / 16_000);
      return {
        samples: Float32Array.from({ length }, (_, i) => Math.max(-1, Math.min(1, wave(i)))),
        sampleRateHz: 16_000,
      };
    },
    dispose: () => Promise.resolve(),
  };
}

const plan = (
  options: Partial<SynthesisPlan> & Partial<TurnOptions> & { engine?: SpeechEngine } = {},
): SynthesisPlan => {
  const { engine = toyEngine(), texts = ["stop", "go on"], voices, ...rest } = options;
  const turn = takeTurns({ texts, voices });
  return { turn, count: 12, seed: 7, engines: [{ engine, weight: 1 }], ...rest };
};

const collect = async (options: SynthesisPlan): Promise<SynthesisEvent[]> => {
  const events: SynthesisEvent[] = [];
  for await (const event of synthesizeClips(options)) events.push(event);
  return events;
};
const essence = (events: readonly SynthesisEvent[]) =>
  events.map(({ clip: { audio: _audio, ...clip }, ...progress }) => ({ clip, ...progress }));

describe("synthesizeClips", () => {
  it("yields each clip in order with its text, voice, licence, hash and the count so far", async () => {
    const events = await collect(plan());
    expect(events.map(({ clip }) => clip.text)).toEqual(
      Array.from({ length: 12 }, (_, i) => ["stop", "go on"][i % 2]),
    );
    expect(events.map(({ clip, done }) => [clip.index, done])).toEqual(
      Array.from({ length: 12 }, (_, i) => [i, i + 1]),
    );
    expect(new Set(events.map(({ clip }) => clip.contentHash)).size).toBe(12);
    const last = events.at(-1)!;
    expect(last).toMatchObject({ total: 12, attempts: 12, clip: { attempts: 1, licence: "licence of toy" } });
    expect(Object.values(last.rejected).every((count) => count === 0)).toBe(true);
    expect(last.clip.audio.sampleRateHz).toBe(16_000);
    expect(toMagnitudes(last.clip.audio.samples).every(Number.isInteger)).toBe(true);
  });

  const faulty = (): SpeechEngine =>
    toyEngine({
      faults: ["none", "none", "none", "silent", "clipped", "too-short", "too-long", "fails"],
      pitches: 12,
      slow: true,
    });

  it("counts what it rejects by reason and makes it again", async () => {
    const events = await collect(
      plan({ engine: faulty(), count: 20, mostAttempts: 40, mostRejectedShare: 1 }),
    );
    const { rejected, attempts } = events.at(-1)!;
    expect(Object.values(rejected).reduce((sum, count) => sum + count)).toBe(attempts - 20);
    for (const reason of [
      "silent",
      "clipped",
      "too-short",
      "too-long",
      "engine-failed",
      "duplicate",
    ] as const) {
      expect(rejected[reason]).toBeGreaterThan(0);
    }
    expect(new Set(events.map(({ clip }) => clip.contentHash)).size).toBe(20);
  });

  it("gives the same clips however many are made at once (property)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 2, max: 9 }), async (seed, concurrency) => {
        const options = plan({ engine: faulty(), seed, count: 10, mostAttempts: 60, mostRejectedShare: 1 });
        expect(essence(await collect({ ...options, concurrency }))).toEqual(essence(await collect(options)));
      }),
      { seed: 3, numRuns: 4 },
    );
  });

  it("goes on after an interruption as if there had been none", async () => {
    const options = plan({ engine: faulty(), count: 12, mostAttempts: 60, mostRejectedShare: 1 });
    const whole = await collect(options);
    for (const stop of [1, 7, 11]) {
      const before = whole.slice(0, stop);
      const { done, attempts, rejected } = before.at(-1)!;
      const contentHashes = new Set(before.map(({ clip }) => clip.contentHash));
      const rest = await collect({ ...options, resumeAfter: { done, attempts, rejected, contentHashes } });
      expect(essence(rest)).toEqual(essence(whole.slice(stop)));
    }
  });

  it("draws engines by weight", async () => {
    const engines = [
      { engine: toyEngine({ id: "often" }), weight: 3 },
      { engine: toyEngine({ id: "seldom" }), weight: 1 },
      { engine: toyEngine({ id: "never", faults: ["missing"] }), weight: 0 },
    ];
    const events = await collect(
      plan({ engines, count: 200, texts: ["stop", "go on", "play", "next one", "back"] }),
    );
    const often = events.filter(({ clip }) => clip.voice.engine === "often").length;
    // Binomial, 200 draws at 3/4: 150, standard deviation 6.
    expect(Math.abs(often - 150)).toBeLessThan(25);
  });

  it("speaks with given voices in turn, each text by each voice", async () => {
    const engine = toyEngine();
    const voices = [1, 2, 3].map((seed) => engine.drawVoice(createRandom(seed)));
    const events = await collect(plan({ engine, voices, count: 6 }));
    const pairs = events.map(({ clip }) => `${clip.text} ${JSON.stringify(clip.voice)}`);
    expect(new Set(pairs).size).toBe(6);
    for (const { clip } of events) expect(voices).toContainEqual(clip.voice);
  });

  it("fails when too large a share is rejected, and says what", async () => {
    const engine = toyEngine({ faults: ["none", "silent"] });
    await expect(collect(plan({ engine, count: 200 }))).rejects.toMatchObject({
      code: "SYNTHESIS_REJECTED",
      message: expect.stringMatching(/synthesis: \d+ of \d+ draws rejected, more than 30 %: silent \d+;/),
    });
  });

  it("fails when one clip cannot be made, naming text and reasons", async () => {
    const engine = toyEngine({ faults: ["silent"] });
    await expect(collect(plan({ engine, mostAttempts: 4 }))).rejects.toMatchObject({
      code: "SYNTHESIS_REJECTED",
      message: expect.stringMatching(/no usable clip of "stop" in 4 draws: silent \(toy\/one: /),
    });
    const always = toyEngine({ pitches: 1 });
    await expect(collect(plan({ engine: always }))).rejects.toMatchObject({
      message: expect.stringMatching(/no usable clip of "stop" in 10 draws: duplicate \(toy\/one\)/),
    });
  });

  it("passes on what another draw cannot mend", async () => {
    const engine = toyEngine({ faults: ["missing"] });
    await expect(collect(plan({ engine, concurrency: 3 }))).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
    });
    const stranger = [{ engine: "gone", voice: "gone/one" }];
    await expect(collect(plan({ voices: stranger }))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "gone/one: needs the engine gone; configured are toy",
    });
    await expect(collect(plan({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: "ABORTED" });
  });

  it.each([
    [{ texts: [] }, "at least one text"],
    [{ count: -1 }, "a whole number of clips, got -1"],
    [{ engines: [] }, "at least one engine"],
    [{ voices: [] }, "at least one voice"],
    [{ concurrency: 0 }, "a concurrency of 1 or more, got 0"],
  ])("refuses a plan with %j", async (wrong, message) => {
    await expect(async () => collect(plan(wrong))).rejects.toMatchObject({
      message: expect.stringContaining(message),
    });
  });

  it("makes real clips with flite", async () => {
    const events = await collect(plan({ engine: await createFliteEngine(), count: 6, concurrency: 2 }));
    for (const { clip } of events) {
      expect(clip.measures.seconds).toBeGreaterThan(0.25);
      expect(clip.measures.seconds).toBeLessThan(1.5);
    }
  });
});
