import { describe, expect, it } from "vitest";
import { type CallsignError } from "@callsign/audio/internal";
import { type BareHead, type BareHeadOptions, describeBareHead } from "@callsign/infer/internal";
import { createNodeSession, sha256Hex } from "@callsign/infer/node/internal";
import { pooledHead } from "../support/pooled-head.ts";
import { tinyHead, type TinyHeadOptions } from "../support/tiny-head.ts";

const createSession = createNodeSession();

const describeHead = (
  graph: Uint8Array,
  { fileName = "hey_you.onnx", ...options }: BareHeadOptions & { fileName?: string } = {},
): Promise<BareHead> =>
  describeBareHead(graph, { ...options, fileName, sha256: sha256Hex(graph), createSession });

/** Code and message of a refusal. */
const refusal = (head: Promise<BareHead>): Promise<string> =>
  head.then(
    () => "described",
    (error: CallsignError) => `${error.code} ${error.message}`,
  );

describe("describeBareHead", () => {
  it.each<[string, TinyHeadOptions, number, number]>([
    ["16 embeddings, batch of one", { batch: 1 }, 16, 1],
    ["22 embeddings", { embeddings: 22 }, 22, 1],
    ["34 embeddings, 7 classes", { embeddings: 34, labels: 7, batch: 1 }, 34, 7],
    ["28 in a row", { embeddings: 28, inputDims: [1, 28 * 96] }, 28, 1],
    [
      "24 in a row, batch of four",
      { embeddings: 24, labels: 2, inputDims: [4, 24 * 96], outputDims: [4, 2] },
      24,
      2,
    ],
    ["one", { embeddings: 1, inputDims: ["n", 96] }, 1, 1],
    ["an axis of one beside them", { embeddings: 25, inputDims: ["n", 1, 25, 96] }, 25, 1],
    [
      "scores of rank three",
      { embeddings: 22, labels: 2, outputDims: ["n", 1, 2], outputShape: [-1, 1, 2] },
      22,
      2,
    ],
    ["scores of rank one", { embeddings: 22, batch: 1, labels: 3, outputDims: [3], outputShape: [3] }, 22, 3],
    [
      "symbolic throughout",
      { embeddings: 22, labels: 2, inputDims: ["n", "steps", "values"], outputDims: ["n", "scores"] },
      22,
      2,
    ],
    ["symbolic values in a row", { embeddings: 25, inputDims: ["n", "values"] }, 25, 1],
  ])("reads from the graph: %s", async (_, options, embeddings, outputs) => {
    const { card } = await describeHead(tinyHead(options));
    expect(card.windowing).toMatchObject({ embeddings });
    expect(card.labels).toHaveLength(outputs);
  });

  it("requires the number of embeddings if the graph accepts any", async () => {
    expect(await refusal(describeHead(pooledHead()))).toMatch(
      /^MODEL_SHAPE_MISMATCH hey_you\.onnx: .*--head-embeddings 16.*, got "in" float32 \[n, steps, 96\], which runs with any number/,
    );
    const { card } = await describeHead(pooledHead(), { embeddings: 20 });
    expect(card.windowing).toMatchObject({ embeddings: 20 });
  });

  it.each<[string, TinyHeadOptions, BareHeadOptions, RegExp]>([
    [
      "another number than the graph's",
      {},
      { embeddings: 20 },
      /\[n, 20, 96\].*got "in" float32 \[n, 16, 96\]; leave out/,
    ],
    ["swapped axes", { inputDims: ["n", 96, 16] }, {}, /\[n, 96, 16\]; time and values seem to be swapped/],
    [
      "log-mel frames",
      { embeddings: 1, inputDims: ["n", 3, 32] },
      {},
      /\[n, 3, 32\]; a graph that reads audio or log-mel/,
    ],
  ])("refuses %s", async (_, graph, options, message) => {
    expect(await refusal(describeHead(tinyHead(graph), options))).toMatch(
      /^MODEL_SHAPE_MISMATCH hey_you\.onnx: expected/,
    );
    expect(await refusal(describeHead(tinyHead(graph), options))).toMatch(message);
  });

  it("names several scores by number and says how to name them", async () => {
    const graph = tinyHead({ labels: 3 });
    const { card, notes } = await describeHead(graph);
    expect(card.labels).toEqual(["hey_you_0", "hey_you_1", "hey_you_2"]);
    expect(notes).toEqual([
      expect.stringMatching(/^hey_you\.onnx: 3 scores without names, .*--labels a,b.*--background/),
    ]);
    const labels = ["on", "off", "other"];
    const named = await describeHead(graph, {
      name: "lights",
      labels,
      background: "other",
      threshold: { off: 0.7 },
    });
    expect(named.notes).toEqual([]);
    expect(named.card).toMatchObject({
      name: "lights",
      labels,
      decision: { thresholds: { on: 0.5, off: 0.7 }, background: "other" },
    });
  });

  it("knows the labels of openWakeWord's timer", async () => {
    const graph = tinyHead({ embeddings: 34, labels: 7, batch: 1 });
    const { card, notes } = await describeHead(graph, { fileName: "timer_v0.1.onnx", name: "kitchen" });
    expect(card.labels.slice(0, 2)).toEqual(["background", "1_minute_timer"]);
    expect(card.decision.background).toBe("background");
    expect(card.decision.thresholds).not.toHaveProperty("background");
    expect(notes).toEqual([]);
  });

  it("refuses labels, thresholds and files that do not fit", async () => {
    const graph = tinyHead({ labels: 2 });
    expect(await refusal(describeHead(graph, { labels: ["a"] }))).toMatch(
      /^CARD_MISMATCH hey_you\.onnx: expected 2 labels, one for each of its scores, got 1: a/,
    );
    expect(await refusal(describeHead(graph, { labels: ["a", "b"], threshold: { c: 0.5 } }))).toMatch(
      /^CARD_INVALID .*"c", which is not among labels/,
    );
    expect(await refusal(describeHead(graph, { labels: ["a", "b"], background: "c" }))).toMatch(
      /^CARD_INVALID .*background: "c" is not among labels/,
    );
    expect(await refusal(describeHead(tinyHead(), { background: "hey_you" }))).toMatch(
      /^CARD_INVALID .*nothing is left to detect/,
    );
    const lite = new TextEncoder().encode("\u0018\0\0\0TFL3 and so on");
    expect(await refusal(describeHead(lite))).toMatch(
      /^MODEL_INVALID hey_you\.onnx: .*got TensorFlow Lite; take the \.onnx/,
    );
    expect(await refusal(describeHead(new Uint8Array(0)))).toMatch(
      /^MODEL_INVALID hey_you\.onnx: the file is empty/,
    );
  });
});
