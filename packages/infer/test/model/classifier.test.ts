import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type CallsignError } from "@callsign/audio/internal";
import { type Classifier, loadClassifier, type Session } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { tinyHead, type TinyHeadOptions } from "../support/tiny-head.ts";

const createSession = createNodeSession();

const load = (model: Uint8Array, labels = ["a"], embeddings = 16): Promise<Classifier> =>
  loadClassifier(model, { name: "head.onnx", createSession, labels, embeddings });

const loadTiny = (options: TinyHeadOptions, labels?: string[], embeddings?: number): Promise<Classifier> =>
  load(tinyHead(options), labels, embeddings);

const features = (count: number, embeddings = 16): Float32Array =>
  Float32Array.from({ length: count * embeddings * 96 }, (_, i) => Math.cos(i * 0.37));

/** What the tiny head computes, from its definition, in float64. */
function expectedScores(
  input: Float32Array,
  { labels, length }: { labels: number; length: number },
): Float64Array {
  const weight = (row: number, column: number): number => Math.sin(row * 0.7 + column) * 0.02;
  return Float64Array.from({ length: (input.length / length) * labels }, (_, i) => {
    const column = i % labels;
    const from = Math.floor(i / labels) * length;
    let logit = 0;
    for (let row = 0; row < length; row++) logit += input[from + row]! * weight(row, column);
    return 1 / (1 + Math.exp(-logit));
  });
}

describe("loadClassifier", () => {
  it.each<[string, TinyHeadOptions, number]>([
    ["any batch", {}, 150],
    ["a batch of one", { batch: 1 }, 3],
    ["a batch of four", { batch: 4 }, 6],
    ["a batch of one inside, any declared", { innerBatch: 1 }, 3],
    ["scores [n, 1, labels]", { outputDims: ["n", 1, 2], outputShape: [-1, 1, 2] }, 3],
    ["scores [labels] of one example", { batch: 1, outputDims: [2], outputShape: [2] }, 3],
    ["embeddings in a row", { inputDims: ["n", 16 * 96] }, 3],
    [
      "symbolic dimensions throughout",
      { inputDims: ["n", "steps", "values"], outputDims: ["n", "scores"] },
      3,
    ],
  ])("scores [n, 16, 96] -> [n, labels]: %s", async (_, options, count) => {
    const classifier = await loadTiny({ ...options, labels: 2 }, ["a", "b"]);
    const input = features(count);
    const scores = await classifier.score(input, count);
    expect(scores).toBeAllClose(expectedScores(input, { labels: 2, length: 1536 }), {
      rtol: 1e-4,
      atol: 1e-6,
    });
    expect(classifier.provider).toBe("cpu");
    await classifier.dispose();
  });

  it("runs single examples together that are asked for at the same time, and refuses the bad one alone", async () => {
    const classifier = await loadTiny({ labels: 2 }, ["a", "b"]);
    const input = features(5);
    const example = (i: number): Float32Array => input.slice(i * 1536, (i + 1) * 1536);
    const bad = example(2).fill(Number.NaN);
    const asked = [0, 1, 2, 3, 4].map((i) => classifier.score(i === 2 ? bad : example(i), 1));
    const results = await Promise.allSettled(asked);
    expect(results[2]).toMatchObject({ reason: { code: "MODEL_INVALID" } });
    const expected = expectedScores(input, { labels: 2, length: 1536 });
    for (const i of [0, 1, 3, 4])
      expect(await asked[i]!).toBeAllClose(expected.slice(i * 2, i * 2 + 2), { rtol: 1e-4, atol: 1e-6 });
    await classifier.dispose();
  });

  it("reads one embedding as [n, 96] and as [n, 1, 96]", async () => {
    for (const inputDims of [
      ["n", 96],
      ["n", 1, 96],
    ]) {
      const classifier = await loadTiny({ embeddings: 1, inputDims }, ["a"], 1);
      const input = features(5, 1);
      const expected = expectedScores(input, { labels: 1, length: 96 });
      expect(await classifier.score(input, 5)).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-6 });
    }
  });

  it("gives no scores for no examples, and rejects a wrong number of values", async () => {
    const classifier = await loadTiny({});
    expect(await classifier.score(new Float32Array(0), 0)).toHaveLength(0);
    await expect(classifier.score(new Float32Array(1535), 1)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "head.onnx: expected 1 x 1536 feature values, got 1535",
    });
  });

  it.each<[string, TinyHeadOptions, RegExp]>([
    [
      "15 embeddings",
      { embeddings: 15 },
      /MODEL_SHAPE_MISMATCH head\.onnx: .*input \[n, 16, 96\], got "in" float32 \[n, 15, 96\]; check the card's windowing/,
    ],
    [
      "time and values swapped",
      { inputDims: ["n", 96, 16] },
      /MODEL_SHAPE_MISMATCH head\.onnx: .*got "in" float32 \[n, 96, 16\]/,
    ],
    [
      "a fixed batch that the scores do not have",
      { batch: 4, outputDims: [2, 2], outputShape: [2, 2] },
      /MODEL_SHAPE_MISMATCH head\.onnx: .*got "out" float32 \[2, 2\]/,
    ],
    [
      "audio as input",
      { inputDims: ["n", "samples", 1, 1] },
      /MODEL_SHAPE_MISMATCH head\.onnx: .*got "in" float32/,
    ],
    [
      "scores of several steps",
      { labels: 2, outputDims: ["n", 2, 1], outputShape: [-1, 2, 1] },
      /MODEL_SHAPE_MISMATCH head\.onnx: .*got "out" float32 \[n, 2, 1\]/,
    ],
    [
      "two scores for one label",
      { labels: 2 },
      /CARD_MISMATCH head\.onnx: .*the card names 1 labels \(a\), the graph gives 2 scores: "out" float32 \[n, 2\]/,
    ],
  ])("refuses %s", async (_, options, expected) => {
    const outcome = await loadTiny(options).then(
      () => "loaded",
      ({ code, message }: CallsignError) => `${code} ${message}`,
    );
    expect(outcome).toMatch(expected);
  });

  it("refuses scores that only a run shows to be of another shape", async () => {
    const session: Session = {
      inputs: [{ name: "in", type: "float32", dims: ["n", 16, 96] }],
      outputs: [{ name: "out", type: "float32", dims: ["n", "scores"] }],
      provider: "cpu",
      run: () => Promise.resolve({ out: { data: new Float32Array(2), dims: [1, 2] } }),
      dispose: () => Promise.resolve(void disposals++),
    };
    let disposals = 0;
    const options = {
      name: "head.onnx",
      createSession: () => Promise.resolve(session),
      labels: ["a"],
      embeddings: 16,
    };
    await expect(loadClassifier(new Uint8Array(0), options)).rejects.toMatchObject({
      code: "MODEL_SHAPE_MISMATCH",
      message: 'head.onnx: expected scores [1, 1] from output "out", got [1, 2]',
    });
    expect(disposals).toBe(1);
  });

  it("refuses logits in place of scores, and says what to do", async () => {
    const classifier = await loadTiny({ activation: "Identity", weight: () => 1 });
    const failure = classifier.score(new Float32Array(1536).fill(1), 1);
    await expect(failure).rejects.toMatchObject({ code: "MODEL_INVALID" });
    await expect(failure).rejects.toThrow(/output "out" gave 1536, expected a score 0 to 1.*sigmoid/);
    await expect(classifier.score(new Float32Array(1536).fill(NaN), 1)).rejects.toThrow(/gave NaN/);
  });

  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["text", new TextEncoder().encode("<!DOCTYPE html><title>Not found</title>")],
    ["half a model", tinyHead().subarray(0, 3000)],
  ])("refuses %s as not ONNX, by name", async (_, bytes) => {
    const failure = load(bytes);
    await expect(failure).rejects.toMatchObject({ code: "MODEL_INVALID" });
    await expect(failure).rejects.toThrow(/head\.onnx/);
  });

  it.skipIf(!hasSharedData).each([["openwakeword-alexa_v0.1"], ["livekit-hey_livekit"]])(
    "loads %s as it is",
    async (file) => {
      const classifier = await load(await readFile(sharedPath("reference", `${file}.onnx`)));
      const one = features(3).subarray(0, 1536);
      const [alone] = await classifier.score(one, 1);
      const together = await classifier.score(features(3), 3);
      expect(together).toHaveLength(3);
      expect(together[0]).toBeCloseTo(alone!, 6);
      await classifier.dispose();
    },
  );
});
