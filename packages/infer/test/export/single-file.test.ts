import { describe, expect, it } from "vitest";
import { buildSingleFile, SINGLE_FILE_IO } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { decodeOnnx } from "@callsign/onnx/internal";
import { exampleCard, slidingCard } from "../support/example-card.ts";
import { makeDetector } from "../support/make-detector.ts";
import { noise } from "../../../../test-support/noise.ts";
import { smallEmbedding } from "../support/small-embedding.ts";
import { tinyHead } from "../support/tiny-head.ts";

const CHUNK = 1280;
const { inputs, outputs } = SINGLE_FILE_IO;

describe("buildSingleFile", () => {
  it("gives the detector's scores from samples and a state that begins with zeros, for streams together", async () => {
    const createSession = createNodeSession();
    const card = exampleCard();
    const parts = { card, classifier: tinyHead(), embedding: smallEmbedding(), createSession };
    const bytes = await buildSingleFile(parts);
    const told = new Map(decodeOnnx(bytes).metadataProps.map(({ key, value }) => [key, value]));
    expect(told.get("callsign.format")).toBe("single-file-1");
    const stateLength = Number(told.get("callsign.stateLength"));
    const session = await createSession(bytes, { name: "single file" });
    const detector = await makeDetector(card, { embedding: parts.embedding, head: parts.classifier });
    const clips = [noise(40 * CHUNK, 1), noise(40 * CHUNK, 2)];
    const expected = await Promise.all(
      clips.map(async (samples) => (await detector.open().push(samples)).map(({ scores }) => scores[0]!)),
    );
    let state = new Float32Array(2 * stateLength);
    const heard: number[][] = [[], []];
    for (let from = 0; from < clips[0]!.length; from += CHUNK) {
      const data = new Float32Array(2 * CHUNK);
      clips.forEach((samples, row) => data.set(samples.subarray(from, from + CHUNK), row * CHUNK));
      const results = await session.run({
        [inputs.samples]: { data, dims: [2, CHUNK] },
        [inputs.state]: { data: state, dims: [2, stateLength] },
      });
      state = Float32Array.from(results[outputs.state]!.data as Float32Array);
      heard.forEach((list, row) => list.push((results[outputs.scores]!.data as Float32Array)[row]!));
    }
    heard.forEach((scores, row) => expect(scores).toBeAllClose(expected[row]!, { rtol: 0, atol: 1e-5 }));
    expect(new Set(heard[0]).size).toBeGreaterThan(20);
    await session.dispose();
    await detector.dispose();
  });

  it.each([
    ["whose windows share nothing", slidingCard()],
    ["with test-time augmentation", exampleCard({ testTimeAugmentation: [{ delay: 0, gainDb: 6 }] })],
  ])("refuses a model %s", async (_, card) => {
    const parts = { card, classifier: tinyHead(), embedding: smallEmbedding() };
    await expect(buildSingleFile({ ...parts, createSession: createNodeSession() })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it.each([
    ["a fixed batch of four", { batch: 4 }, "[4, 16, 96] -> [4, 1]"],
    ["an axis of one beside the embeddings", { inputDims: ["n", 1, 16, 96] }, "[n, 1, 16, 96] -> [n, 1]"],
  ])("refuses a head with %s", async (_, options, got) => {
    const parts = { card: exampleCard(), classifier: tinyHead(options), embedding: smallEmbedding() };
    const building = buildSingleFile({ ...parts, createSession: createNodeSession() });
    await expect(building).rejects.toThrow(`with n open or 1, got ${got}; export the head with that shape`);
  });
});
