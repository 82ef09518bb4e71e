import * as fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildLogMelModel } from "@callsign/infer/graphs/internal";
import { LOG_MEL_IO, logMel, type Session } from "@callsign/infer/internal";
import { decodeOnnx, valueDims } from "@callsign/onnx/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { noise } from "../../../../test-support/random.ts";
import { challengeClip, signals } from "../support/signals.ts";

/** In output units; 0.01 dB. The bound; what is measured is under 1e-4. */
const TOLERANCE = { rtol: 0, atol: 1e-3 };

let windowed: Session;
let chunked: Session;

beforeAll(async () => {
  const createSession = createNodeSession();
  windowed = await createSession(buildLogMelModel({ floor: "window" }), { name: "window" });
  chunked = await createSession(buildLogMelModel({ floor: "chunk" }), { name: "chunk" });
});
afterAll(() => Promise.all([windowed.dispose(), chunked.dispose()]));

async function run(session: Session, samples: Float32Array, batch = 1): Promise<Float32Array> {
  const dims = [batch, samples.length / batch];
  const { logMel: output } = await session.run({ [LOG_MEL_IO.input]: { data: samples, dims } });
  expect(output!.dims.length).toBe(3);
  return output!.data as Float32Array;
}

describe("buildLogMelModel", () => {
  it("declares dynamic sizes and its floor, and is the same every time", () => {
    const { graph, metadataProps } = decodeOnnx(buildLogMelModel({ floor: "chunk" }));
    expect(graph.input.map(valueDims)).toEqual([["batch", "samples"]]);
    expect(graph.output.map(valueDims)).toEqual([["batch", "frames", 32]]);
    expect(metadataProps.map(({ key, value }) => `${key}=${value}`)).toEqual(["floor=chunk"]);
    const twice = [buildLogMelModel({ floor: "chunk" }), buildLogMelModel({ floor: "chunk" })] as const;
    expect(Buffer.compare(...twice)).toBe(0);
  });

  it.each(Object.entries(signals(12_960)))("equals its definition on %s", async (_, samples) => {
    expect(await run(windowed, samples)).toBeAllClose(logMel(samples, { floor: "window" }).data, TOLERANCE);
    const stream = new Float32Array(480 + 1280 * 10);
    stream.set(samples.subarray(0, 12_800), 480);
    expect(await run(chunked, stream)).toBeAllClose(logMel(samples, { floor: "chunk" }).data, TOLERANCE);
  });

  it("equals its definition at every length around a hop", async () => {
    const samples = noise(1200, { seed: 11, peak: 8000 });
    for (let length = 512; length <= 1200; length += 37) {
      const clip = samples.subarray(0, length);
      expect(await run(windowed, clip)).toBeAllClose(logMel(clip, { floor: "window" }).data, TOLERANCE);
    }
  });

  it("floors each row of a batch on its own, to the bit", async () => {
    const loud = noise(3000, { seed: 12, peak: 30_000 });
    const quiet = noise(3000, { seed: 13, peak: 2 });
    const batch = new Float32Array([...loud, ...quiet]);
    const both = await run(windowed, batch, 2);
    expect(both.subarray(0, both.length / 2)).toEqual(await run(windowed, loud));
    expect(both.subarray(both.length / 2)).toEqual(await run(windowed, quiet));
  });

  it("gives a clip the values of its chunks, bit-identical", async () => {
    const samples = noise(480 + 1280 * 40, { seed: 14, peak: 5000 });
    // A loud stretch and a silent one, so that floors differ.
    samples.fill(0, 20_000, 30_000);
    for (let i = 40_000; i < 42_000; i++) samples[i] = samples[i]! * 6;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 39 }),
        fc.integer({ min: 1, max: 40 }),
        async (first, count) => {
          const chunks = Math.min(count, 40 - first);
          const clip = await run(chunked, samples.subarray(first * 1280, first * 1280 + 480 + chunks * 1280));
          for (let i = 0; i < chunks; i++) {
            const start = (first + i) * 1280;
            const chunk = await run(chunked, samples.subarray(start, start + 1760));
            expect(clip.subarray(i * 256, (i + 1) * 256)).toEqual(chunk);
          }
        },
      ),
      { numRuns: 20, seed: 15 },
    );
  });
});

describe.skipIf(!hasSharedData)("against melspectrogram.onnx, then x / 10 + 2", () => {
  let reference: InferenceSession;
  beforeAll(async () => {
    reference = await InferenceSession.create(sharedPath("reference", "melspectrogram.onnx"), {
      logSeverityLevel: 4,
    });
  });
  const runReference = async (samples: Float32Array): Promise<Float32Array> => {
    const { output } = await reference.run({ input: new Tensor("float32", samples, [1, samples.length]) });
    return Float32Array.from(output!.data as Float32Array, (value) => value / 10 + 2);
  };

  it.each(Object.entries(signals(48_000)))("agrees on %s", async (_, samples) => {
    expect(await run(windowed, samples)).toBeAllClose(await runReference(samples), TOLERANCE);
  });

  it("agrees on the whole challenge clip, and in windows of 13,000", async () => {
    const clip = challengeClip();
    expect(await run(windowed, clip)).toBeAllClose(await runReference(clip), TOLERANCE);
    for (let start = 0; start + 13_000 <= clip.length; start += 37_000) {
      const window = clip.subarray(start, start + 13_000);
      expect(await run(windowed, window)).toBeAllClose(await runReference(window), TOLERANCE);
    }
  });

  it("agrees chunk by chunk, as openWakeWord calls it", async () => {
    const clip = challengeClip().subarray(160_000, 160_000 + 480 + 1280 * 100);
    const whole = await run(chunked, clip);
    for (let i = 0; i < 100; i++) {
      const chunk = await runReference(clip.subarray(i * 1280, i * 1280 + 1760));
      expect(whole.subarray(i * 256, (i + 1) * 256)).toBeAllClose(chunk, TOLERANCE);
    }
  });
});
