import { describe, expect, it } from "vitest";
import { fromInt16 } from "@callsign/audio/internal";
import { detections, type ModelCard, type DetectorStep } from "@callsign/infer/internal";
import { exampleCard, slidingCard } from "../support/example-card.ts";
import { makeDetector } from "../support/make-detector.ts";
import { makeSet } from "../support/make-set.ts";
import { noise } from "../../../../test-support/noise.ts";

const named = (card: ModelCard, name: string): ModelCard => ({ ...card, name });
const short = named(
  exampleCard({ windowing: { kind: "embedding-sequence", embeddings: 4, hopLength: 1280 } }),
  "short",
);
const long = named(exampleCard(), "long");

/** Bursts of noise, long stretches of near silence between. */
function bursts(seconds: number): Int16Array {
  const samples = noise(seconds * 16_000);
  for (let i = 0; i < samples.length; i++) {
    const second = Math.floor(i / 16_000) % 8;
    if (second >= 2) samples[i] = Math.round(samples[i]! / 3000);
  }
  return samples;
}

const of = (steps: readonly DetectorStep[], model: string) =>
  steps
    .filter((step) => step.model === model)
    .map(({ timestampMs, scores }) => ({ timestampMs, scores: [...scores] }));

describe("Detector", () => {
  it.each([
    ["embedding-sequence", [long, short]],
    ["sliding-audio", [named(slidingCard(), "long"), named(slidingCard(), "short")]],
  ])("scores as each model does alone, however the audio is cut: %s", async (_, cards) => {
    const samples = noise(50_000);
    const set = await makeSet(cards);
    for (const size of [997, 50_000]) {
      const stream = set.open();
      const steps: DetectorStep[] = [];
      for (let at = 0; at < samples.length; at += size)
        steps.push(...(await stream.push(samples.subarray(at, at + size))));
      for (const card of cards) {
        const alone = await makeDetector(card);
        const expected = (await alone.push(samples)).map(({ timestampMs, scores }) => ({
          timestampMs,
          scores: [...scores],
        }));
        expect(of(steps, card.name)).toEqual(expected);
        await alone.dispose();
      }
    }
    await set.dispose();
  });

  it("opens independent streams with the requested models and sensitivity", async () => {
    const set = await makeSet([long, short]);
    const eager = set.open({ models: ["short"], sensitivity: { threshold: 0 } });
    const other = set.open({ models: ["short"], sensitivity: { threshold: 1 } });
    const samples = noise(12_800);
    const [steps] = await Promise.all([eager.push(samples), other.push(noise(5000, 7))]);
    expect(steps.flatMap((step) => step.detections)).toHaveLength(10);
    expect(steps[0]!.detections[0]).toMatchObject({ model: "short", label: "hello", timestampMs: 80 });
    expect((await other.push(samples)).flatMap((step) => step.detections)).toEqual([]);
    await eager.reset();
    expect(await eager.push(samples)).toEqual(steps);
    expect(() => set.open({ models: ["shrot"] })).toThrow(/no model named "shrot" .*mean "short"/);
    expect(() => set.open({ models: [] })).toThrow(/at least one name/);
    await eager.dispose();
    await expect(eager.push(samples)).rejects.toMatchObject({ code: "DISPOSED" });
    await set.dispose();
    expect(() => set.open()).toThrow(/disposed of/);
  });

  it("steps many streams together with the scores of each alone", async () => {
    const set = await makeSet([long, short]);
    const lengths = Array.from({ length: 37 }, (_, i) => 6000 + 1111 * i);
    const hear = async (length: number, i: number) => set.open().push(noise(length, i));
    const together = await Promise.all(lengths.map(hear));
    for (const [i, length] of lengths.entries()) expect(together[i]).toEqual(await hear(length, i));
    await set.dispose();
  });

  it("refuses two models of one name", async () => {
    await expect(makeSet([long, named(short, "long")])).rejects.toThrow(/two models are named "long"/);
  });

  it("hands out the audio around a time while it is kept", async () => {
    const set = await makeSet([long]);
    const samples = fromInt16(noise(48_000));
    const stream = set.open({ audioSeconds: 2 });
    await stream.push(samples);
    const cut = stream.audio({ fromMs: 2000, toMs: 2500 });
    expect(cut).toEqual({ samples: samples.slice(32_000, 40_000), sampleRateHz: 16_000 });
    expect(stream.audio({ fromMs: 2900, toMs: 9000 }).samples).toEqual(samples.slice(46_400));
    expect(() => stream.audio({ fromMs: 500, toMs: 1500 })).toThrow(/only the last 32000 samples are kept/);
    // The ring has wrapped in the middle of this range.
    expect(stream.audio({ fromMs: 1000, toMs: 3000 }).samples).toEqual(samples.slice(16_000));
    expect(() => stream.audio({ fromMs: Number.NaN, toMs: 100 })).toThrow(/a range of numbers, got NaN/);
    expect(() => stream.audio({ fromMs: 200, toMs: 100 })).toThrow(/range/);
    await stream.reset();
    expect(stream.audio({ fromMs: 0, toMs: 100 }).samples).toHaveLength(0);
    expect(() => set.open({ audioSeconds: 1e9 })).toThrow(/0 to 600/);
    const none = set.open();
    expect(() => none.audio({ fromMs: 0, toMs: 1 })).toThrow(/audioSeconds/);
    await set.dispose();
  });

  it("rejects a chunk with NaN as a whole and continues without it", async () => {
    const set = await makeSet([long]);
    const [tried, clean] = [set.open(), set.open()];
    await expect(tried.push(Float32Array.of(1, Number.NaN))).rejects.toMatchObject({
      code: "AUDIO_NOT_FINITE",
    });
    const samples = noise(9000);
    expect(await tried.push(samples)).toEqual(await clean.push(samples));
    await set.dispose();
  });
});

describe("the level gate", () => {
  it("refuses options out of range", async () => {
    const set = await makeSet([long]);
    expect(() => set.open({ levelGate: { holdSeconds: -1 } })).toThrow(/holdSeconds: expected 0/);
    expect(() => set.open({ levelGate: { marginDb: Number.NaN } })).toThrow(/marginDb: expected 0/);
    expect(() => set.open({ levelGate: { alwaysAboveDb: 3 } })).toThrow(/alwaysAboveDb: expected -100/);
    await set.dispose();
  });

  it.each([
    ["embedding-sequence", [long, short]],
    ["sliding-audio", [named(slidingCard(), "long")]],
  ])("skips silence, and scores what it does not skip to the bit as without it: %s", async (_, cards) => {
    const set = await makeSet(cards);
    const samples = bursts(26);
    const open = set.open();
    const gated = set.open({ levelGate: { holdSeconds: 0.5, alwaysAboveDb: -40 } });
    const all = await open.push(samples);
    const some = await gated.push(samples);
    expect(some.map(({ timestampMs }) => timestampMs)).toEqual(all.map(({ timestampMs }) => timestampMs));
    const skipped = some.filter((step) => step.skipped).length / some.length;
    expect(skipped).toBeGreaterThan(0.4);
    expect(skipped).toBeLessThan(0.9);
    for (const [i, step] of some.entries())
      if (!step.skipped) expect([...step.scores]).toEqual([...all[i]!.scores]);
    await set.dispose();
  });
});

describe("detections", () => {
  it("yields each detection as soon as it is made, and ends with the source", async () => {
    const set = await makeSet([
      exampleCard({ decision: { thresholds: { hello: 0 }, patience: 5, refractorySeconds: 0 } }),
    ]);
    const chunks = Array.from({ length: 20 }, (_, i) => noise(1280, i));
    const times: number[] = [];
    for await (const { timestampMs } of detections(set.open(), chunks)) times.push(timestampMs);
    expect(times).toEqual([400, 800, 1200, 1600]);
    await set.dispose();
  });

  it("closes an endless source when aborted during a wait", async () => {
    const detector = await makeDetector(exampleCard());
    const abort = new AbortController();
    let released = false;
    const source: AsyncIterable<Float32Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => setImmediate(() => abort.abort())),
        return: () => {
          released = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const run = async () => {
      for await (const _ of detections(detector, source, { signal: abort.signal })) break;
    };
    await expect(run()).rejects.toMatchObject({ code: "ABORTED" });
    expect(released).toBe(true);
    await expect(run()).rejects.toMatchObject({ code: "ABORTED" });
    await detector.dispose();
  });
});
