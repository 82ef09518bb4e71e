import { joinFloats } from "@callsign/audio/internal";
import {
  SpeechMuter,
  type SpeechMuterOptions,
  type DetectorStep,
  type MutedAudio,
} from "@callsign/infer/internal";
import { describe, expect, it } from "vitest";
import { exampleCard } from "../support/example-card.ts";

const HOP = 1280;

/** A detector that scores a command high in the given hops; `other` gives it a second model with its own. */
function scripted(high: readonly number[], other?: readonly number[]) {
  let received = 0;
  let steps = 0;
  const card = exampleCard({ name: "hello" });
  const models = [{ card, high }, ...(other ? [{ card: exampleCard({ name: "other" }), high: other }] : [])];
  return {
    cards: models.map((model) => model.card),
    push(chunk: Float32Array | Int16Array): Promise<DetectorStep[]> {
      received += chunk.length;
      const made: DetectorStep[] = [];
      for (; (steps + 1) * HOP <= received; steps++)
        for (const model of models)
          made.push({
            timestampMs: (steps + 1) * 80,
            scores: Float32Array.of(model.high.includes(steps) ? 0.9 : 0.1),
            detections: [],
            model: model.card.name,
            skipped: false,
          });
      return Promise.resolve(made);
    },
  };
}

async function gated(
  high: readonly number[],
  options: SpeechMuterOptions & {
    readonly length?: number;
    readonly chunk?: number;
    readonly other?: readonly number[];
  } = {},
): Promise<MutedAudio & { delays: number[] }> {
  const { length = 10 * HOP + 500, chunk = 700, other, ...gateOptions } = options;
  const gate = new SpeechMuter(scripted(high, other), gateOptions);
  const audio = new Float32Array(length).fill(0.5);
  const parts: MutedAudio[] = [];
  const delays: number[] = [];
  let out = 0;
  for (let at = 0; at < length; at += chunk) {
    parts.push(await gate.push(audio.slice(at, at + chunk)));
    out += parts.at(-1)!.samples.length;
    delays.push(Math.min(length, at + chunk) - out);
  }
  parts.push(await gate.flush());
  return {
    samples: joinFloats(parts.map(({ samples }) => samples)),
    spans: parts.flatMap(({ spans }) => spans),
    delays,
  };
}

describe("SpeechMuter", () => {
  it("returns every sample, silent during detected commands", async () => {
    const { samples, spans } = await gated([3, 4]);
    expect(samples.length).toBe(10 * HOP + 500);
    expect(spans).toEqual([{ startMs: 240, endMs: 400, label: "hello" }]);
    expect(samples.slice(0, 3 * HOP).every((sample) => sample === 0.5)).toBe(true);
    expect(samples.slice(3 * HOP + 80, 5 * HOP).every((sample) => sample === 0)).toBe(true);
    expect(samples.slice(5 * HOP + 80).every((sample) => sample === 0.5)).toBe(true);
  });

  it("fades within 5 ms, so that nothing clicks", async () => {
    const { samples } = await gated([3, 4]);
    const steps = samples.slice(1).map((sample, i) => Math.abs(sample - samples[i]!));
    // A raised cosine of 80 samples changes by at most pi / 160 of the level at once.
    expect(Math.max(...steps)).toBeLessThan((0.5 * Math.PI) / 160 + 1e-4);
    expect(samples[3 * HOP + 39]!).toBeCloseTo(0.25, 3);
  });

  it("releases audio as soon as the detector has processed it", async () => {
    const { delays } = await gated([], { chunk: HOP });
    expect(delays.slice(0, 10)).toEqual(Array(10).fill(0));
  });

  it("with look-ahead mutes earlier and ends no earlier, with the additional delay", async () => {
    const ahead = await gated([3, 4], { lookAheadSeconds: 0.1, chunk: HOP });
    expect(ahead.samples.length).toBe(10 * HOP + 500);
    expect(ahead.spans).toEqual([{ startMs: 140, endMs: 400, label: "hello" }]);
    expect(Math.max(...ahead.delays.slice(0, 10))).toBe(1600);
  });

  it("takes ten minutes in one chunk as in small ones, at a cost in proportion", async () => {
    const length = 600 * 16_000;
    const high = Array.from({ length: 75 }, (_, i) => i * 100);
    const options = { length, lookAheadSeconds: 0.2 };
    const [whole, pieces] = [await gated(high, { ...options, chunk: length }), await gated(high, options)];
    expect(whole.spans).toHaveLength(75);
    expect(whole.spans).toEqual(pieces.spans);
    expect(Buffer.from(whole.samples.buffer).equals(Buffer.from(pieces.samples.buffer))).toBe(true);
  });

  it("holds the same whatever the chunks", async () => {
    const whole = await gated([2, 7], { chunk: 100_000, lookAheadSeconds: 0.05 });
    for (const chunk of [1, 333, 5000]) {
      const cut = await gated([2, 7], { chunk, lookAheadSeconds: 0.05 });
      expect(cut.samples).toEqual(whole.samples);
      expect(cut.spans).toEqual(whole.spans);
    }
  });

  it("mutes a command that lasts to the end, and reports it", async () => {
    const { spans, samples } = await gated([9]);
    expect(spans).toEqual([{ startMs: 720, endMs: (10 * HOP + 500) / 16, label: "hello" }]);
    expect(samples.at(-1)).toBe(0);
  });

  it("mutes audio of another rate at the same times", async () => {
    const { spans, samples } = await gated([3, 4], { sampleRateHz: 48_000, length: 3 * 10 * HOP });
    expect(samples.length).toBe(3 * 10 * HOP);
    expect(spans).toEqual([{ startMs: 240, endMs: 400, label: "hello" }]);
  });

  it("goes by the policy and thresholds it is given", async () => {
    const policy = { release: 1, holdSeconds: 0.16, longestSeconds: 30 };
    expect((await gated([3], { policy })).spans).toMatchObject([{ startMs: 240, endMs: 400 }]);
    expect((await gated([3], { thresholds: [0.95] })).spans).toEqual([]);
  });

  it("refuses audio that is not a number, and leaves no trace of it", async () => {
    const gate = new SpeechMuter(scripted([]));
    await expect(gate.push(Float32Array.of(0, Number.NaN))).rejects.toMatchObject({
      code: "AUDIO_NOT_FINITE",
    });
    await gate.push(new Float32Array(HOP));
    expect((await gate.flush()).samples.length).toBe(0);
  });

  it("refuses a look-ahead out of range", () => {
    expect(() => new SpeechMuter(scripted([]), { lookAheadSeconds: -1 })).toThrow("must be 0 to 10, got -1");
  });

  it("mutes what any of several models wants muted", async () => {
    const { spans } = await gated([2, 3], { other: [3, 4, 7] });
    expect(spans.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [160, 400],
      [560, 640],
    ]);
    const thresholds = [0.5, 0.95];
    expect((await gated([2, 3], { other: [3, 4, 7], thresholds })).spans).toHaveLength(1);
    await expect(gated([2], { thresholds: [0.5, 0.5] })).rejects.toThrow("expected 1 thresholds");
  });
});
