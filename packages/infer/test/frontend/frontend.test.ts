import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createFrontend,
  type Frontend,
  logMel,
  type LogMelFloor,
  type Matrix,
} from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { noise, seededRandom } from "../../../../test-support/random.ts";
import { challengeClip } from "../support/signals.ts";
import { smallEmbedding } from "../support/small-embedding.ts";

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

const open = (floor: LogMelFloor, embedding = smallEmbedding()): Promise<Frontend> =>
  createFrontend({ createSession: createNodeSession(), embedding, floor });

/** Random frames, as many as given. */
function frames(rows: number, seed: number): Matrix {
  const random = seededRandom(seed);
  return { data: Float32Array.from({ length: rows * 32 }, () => random() * 6 - 3), rows, columns: 32 };
}

describe("createFrontend", () => {
  let windowed: Frontend;
  let chunked: Frontend;
  beforeAll(async () => {
    [windowed, chunked] = await Promise.all([open("window"), open("chunk")]);
  });
  afterAll(() => Promise.all([windowed.dispose(), chunked.dispose()]));

  it("equals the definition for a clip longer than a block's log-mel", async () => {
    // 12.5 s, three blocks, the loudest sample in the last, so that every block is floored anew.
    const samples = noise(200_000, { seed: 21, peak: 1 });
    samples.set(noise(2000, { seed: 22, peak: 32_767 }), samples.length - 3000);
    const { data, rows } = await windowed.logMel(samples);
    const expected = logMel(samples, { floor: "window" });
    expect(rows).toBe(expected.rows);
    expect(data).toBeAllClose(expected.data, { rtol: 0, atol: 1e-3 });
  });

  it("gives a clip with floor chunk the values of its stream, bit-identical", async () => {
    const clip = noise(1280 * 150 + 700, { seed: 23, peak: 4000 });
    clip.fill(0, 50_000, 90_000);
    const whole = await chunked.logMel(clip);
    expect(whole.rows).toBe(1200);
    let context = new Float32Array(480);
    for (let chunk = 0; chunk < 150; chunk++) {
      const samples = clip.subarray(chunk * 1280, (chunk + 1) * 1280);
      const { data } = await chunked.logMel(samples, { context });
      expect(data).toEqual(whole.data.subarray(chunk * 256, (chunk + 1) * 256));
      context = samples.slice(800);
    }
  });

  it("embeds any number of frames as separate windows do, to the bit", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 76, max: 76 + 8 * 300 }), fc.nat(), async (rows, seed) => {
        const logMels = frames(rows, seed);
        const whole = await windowed.embed(logMels);
        expect([whole.rows, whole.columns]).toEqual([Math.floor((rows - 76) / 8) + 1, 96]);
        expect(whole.data).toEqual((await windowed.embedWindows(logMels)).data);
      }),
      {
        numRuns: 8,
        seed: 24,
        examples: [
          [76, 1],
          [83, 2],
          [84, 3],
          [76 + 8 * 128, 4],
          [75 + 8 * 129, 5],
        ],
      },
    );
  });

  it("ends a chunk stream's embeddings with its chunks", async () => {
    const clip = noise(1280 * 14, { seed: 25, peak: 4000 });
    const { data, rows } = await chunked.logMel(clip);
    const features = await chunked.features(clip);
    expect([rows, features.rows]).toEqual([112, 5]);
    for (let step = 0; step < 5; step++) {
      const window = data.subarray((8 * step + 4) * 32, (8 * step + 80) * 32);
      const { data: embedding } = await chunked.embed({ data: window, rows: 76, columns: 32 });
      expect(features.data.subarray(step * 96, (step + 1) * 96)).toEqual(embedding);
    }
    const whole = await windowed.features(clip);
    expect(whole.data).toEqual((await windowed.embed(await windowed.logMel(clip))).data);
  });

  it.each(["window", "chunk"] as const)(
    "computes a batch as its clips one by one, floor %s",
    async (floor) => {
      const frontend = floor === "window" ? windowed : chunked;
      const [rows, columns] = [40, 14_080];
      const samples = noise(rows * columns, { seed: 26, peak: 4000 });
      samples.fill(0, columns, columns + 9000);
      const batch = await frontend.featuresBatch({ data: samples, rows, columns });
      const each = [];
      for (let i = 0; i < rows; i++) {
        each.push(await frontend.features(samples.subarray(i * columns, (i + 1) * columns)));
      }
      expect([batch.batch, batch.rows, batch.columns]).toEqual([rows, each[0]!.rows, 96]);
      each.forEach(({ data }, i) => {
        expect(batch.data.subarray(i * data.length, (i + 1) * data.length)).toEqual(data);
      });
    },
  );

  it("refuses what is too short or misshapen", async () => {
    await expect(windowed.logMel(new Float32Array(511))).rejects.toThrow(refusal("AUDIO_TOO_SHORT", /512/));
    await expect(chunked.features(new Float32Array(1280 * 9))).rejects.toThrow(
      refusal("AUDIO_TOO_SHORT", /76 log-mel frames.*got 68/),
    );
    await expect(windowed.embed(frames(75, 1))).rejects.toThrow(refusal("AUDIO_TOO_SHORT", /got 75/));
    const wide = { data: new Float32Array(76 * 40), rows: 76, columns: 40 };
    await expect(windowed.embed(wide)).rejects.toThrow(
      refusal("INVALID_ARGUMENT", /frames of 32 values, got 1 x 76 x 40/),
    );
    const torn = { data: new Float32Array(1000), rows: 2, columns: 600 };
    await expect(windowed.logMelBatch(torn)).rejects.toThrow(
      refusal("INVALID_ARGUMENT", /2 clips of 600 samples, got 1000/),
    );
  });

  it("rejects another embedding, and can be disposed of twice", async () => {
    await expect(open("window", smallEmbedding({ lastKernel: 2 }))).rejects.toThrow(
      refusal("MODEL_SHAPE_MISMATCH", /76/),
    );
    const frontend = await open("window");
    await frontend.dispose();
    await frontend.dispose();
  });
});

describe.skipIf(!hasSharedData)("the published embedding on the challenge clip", () => {
  it("is bit-identical whole and in separate windows", async () => {
    const frontend = await open("window", readFileSync(sharedPath("reference", "embedding_model.onnx")));
    const logMels = await frontend.logMel(challengeClip());
    const whole = await frontend.embed(logMels);
    expect([whole.rows, whole.columns]).toEqual([744, 96]);
    expect(whole.data).toEqual((await frontend.embedWindows(logMels)).data);
    await frontend.dispose();
  });
});
