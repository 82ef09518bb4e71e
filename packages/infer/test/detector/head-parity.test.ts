import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createFrontend, type DetectorStep, describeBareHead } from "@callsign/infer/internal";
import { createNodeSession, sha256Hex } from "@callsign/infer/node/internal";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { makeDetector } from "../support/make-detector.ts";
import { noise } from "../../../../test-support/noise.ts";
import { tinyHead, type TinyHeadOptions } from "../support/tiny-head.ts";
import { toyEmbedding } from "../support/toy-embedding.ts";

const createSession = createNodeSession();
const CHUNK = 1280;

/** The scores of each step by the definition: the graph run on the last embeddings of a stream that silence came before. */
async function scoresByDefinition(
  samples: Float32Array,
  {
    head,
    embedding,
    embeddings,
    dims,
  }: { head: Uint8Array; embedding: Uint8Array; embeddings: number; dims: number[] },
): Promise<number[][]> {
  const frontend = await createFrontend({ createSession, embedding, floor: "chunk" });
  const steps = Math.floor(samples.length / CHUNK);
  const before = (embeddings + 9) * CHUNK;
  const padded = new Float32Array(before + steps * CHUNK);
  padded.set(samples.subarray(0, steps * CHUNK), before);
  const { data, rows } = await frontend.features(padded);
  const session = await createSession(head, { name: "head" });
  const scores: number[][] = [];
  for (let step = 0; step < steps; step++) {
    const last = rows - steps + step + 1;
    const batch = dims[0]!;
    const input = new Float32Array(batch * embeddings * 96);
    input.set(data.subarray((last - embeddings) * 96, last * 96));
    const result = await session.run({ [session.inputs[0]!.name]: { data: input, dims } });
    const values = result[session.outputs[0]!.name]!.data as Float32Array;
    scores.push([...values.subarray(0, values.length / batch)]);
  }
  await Promise.all([session.dispose(), frontend.dispose()]);
  return scores;
}

const scoresOf = (steps: readonly DetectorStep[]): number[][] => steps.map(({ scores }) => [...scores]);

describe("heads of other lengths", () => {
  it.each<[string, TinyHeadOptions, number, number[]]>([
    ["22, batch of one", { embeddings: 22, batch: 1 }, 22, [1, 22, 96]],
    ["28 in a row, two classes", { embeddings: 28, labels: 2, inputDims: ["n", 28 * 96] }, 28, [1, 28 * 96]],
    ["34, seven classes", { embeddings: 34, labels: 7, batch: 1 }, 34, [1, 34, 96]],
    ["24, batch of three", { embeddings: 24, batch: 3 }, 24, [3, 24, 96]],
  ])("stream, clip and graph alone give the same scores: %s", async (_, options, embeddings, dims) => {
    const head = tinyHead(options);
    const { card } = await describeBareHead(head, {
      fileName: "head.onnx",
      sha256: sha256Hex(head),
      createSession,
    });
    const samples = noise(70_000);
    const expected = await scoresByDefinition(Float32Array.from(samples), {
      head,
      embedding: toyEmbedding(),
      embeddings,
      dims,
    });
    expect(expected).toHaveLength(54);
    const detector = await makeDetector(card, { head });
    const streamed: DetectorStep[] = [];
    for (let at = 0; at < samples.length; at += 3001)
      streamed.push(...(await detector.push(samples.subarray(at, at + 3001))));
    expect(scoresOf(streamed).flat()).toBeAllClose(expected.flat(), { atol: 1e-5, rtol: 0 });
    expect(scoresOf(await detector.detectClip(samples)).flat()).toBeAllClose(expected.flat(), {
      atol: 1e-5,
      rtol: 0,
    });
    await detector.dispose();
  });

  it.skipIf(!hasSharedData)("and so on Google's embedding", async () => {
    const embedding = await readFile(sharedPath("reference", "embedding_model.onnx"));
    const head = tinyHead({
      embeddings: 28,
      batch: 1,
      weight: (row, column) => Math.sin(row * 0.7 + column) * 0.002,
    });
    const { card } = await describeBareHead(head, {
      fileName: "head.onnx",
      sha256: sha256Hex(head),
      createSession,
    });
    const samples = noise(48_000);
    const expected = await scoresByDefinition(Float32Array.from(samples), {
      head,
      embedding,
      embeddings: 28,
      dims: [1, 28, 96],
    });
    const detector = await makeDetector(card, { head, embedding });
    expect(scoresOf(await detector.push(samples)).flat()).toBeAllClose(expected.flat(), {
      atol: 2e-5,
      rtol: 0,
    });
    await detector.dispose();
  });
});

describe("a background label", () => {
  it("has scores and is never detected", async () => {
    // The background's column is large and positive: its score is 1 throughout.
    const head = tinyHead({
      labels: 2,
      outputDims: [1, 2],
      batch: 1,
      weight: (row, column) => (column === 0 ? 0.5 : -0.001) * (row % 2),
    });
    const options = { fileName: "lights.onnx", sha256: sha256Hex(head), createSession, threshold: 0 };
    const labels = ["nothing", "on"];
    const samples = noise(16_000);
    for (const background of ["nothing", "on"]) {
      const { card } = await describeBareHead(head, { ...options, labels, background });
      const detector = await makeDetector(card, { head });
      const steps = await detector.push(samples);
      expect(steps.every(({ scores }) => scores.length === 2)).toBe(true);
      const detected = new Set(steps.flatMap(({ detections }) => detections.map(({ label }) => label)));
      expect([...detected]).toEqual(labels.filter((label) => label !== background));
      await detector.dispose();
    }
  });
});
