import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelCard } from "@callsign/infer/internal";
import { loadDetector, type LoadDetectorOptions, sha256Hex, warmUp } from "@callsign/infer/node/internal";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";
import { exampleCard, slidingCard } from "../../support/example-card.ts";
import { makeDetector } from "../../support/make-detector.ts";
import { noise } from "../../../../../test-support/noise.ts";
import { tinyHead } from "../../support/tiny-head.ts";
import { toyEmbedding } from "../../support/toy-embedding.ts";

const EMBEDDING = toyEmbedding();

let folder: string;
let embeddingPath: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-model-"));
  embeddingPath = join(folder, "toy.onnx");
  await writeFile(embeddingPath, EMBEDDING);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes a model's folder that fits together; `changes` may spoil that. */
async function writeModel(
  base: ModelCard,
  graph: Uint8Array,
  changes: Partial<ModelCard> = {},
): Promise<string> {
  const model = join(folder, "model");
  const embedding = { id: "google-speech-embedding" as const, sha256: sha256Hex(EMBEDDING) };
  const card: ModelCard = {
    ...base,
    classifier: { file: "model.onnx", sha256: sha256Hex(graph), bytes: graph.length },
    frontend: { ...base.frontend, embedding },
    ...changes,
  };
  await mkdir(model, { recursive: true });
  await writeFile(join(model, "model.json"), JSON.stringify(card));
  await writeFile(join(model, "model.onnx"), graph);
  return model;
}

/** How loading fails: code and message. Nothing may be left of it. */
async function refusal(model: string, options: LoadDetectorOptions = { embeddingPath }): Promise<string> {
  const outcome = await loadDetector(model, options).then(
    () => "loaded",
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  );
  return outcome.replaceAll(folder, "");
}

describe("loadDetector", () => {
  it.each([
    ["embedding-sequence", exampleCard(), 16],
    ["sliding-audio", slidingCard(), 1],
  ])("reads a model's folder and detects: %s", async (_, base, embeddings) => {
    const model = await writeModel(base, tinyHead({ embeddings }));
    const samples = noise(20_000);
    const expected = await (await makeDetector(base)).push(samples);
    for (const path of [model, join(model, "model.json")]) {
      const detector = await loadDetector(path, { embeddingPath });
      expect(detector.card.name).toBe("hello");
      expect(await detector.push(samples)).toEqual(expected);
      const warm = await warmUp(() => detector.rehearse(), { window: 3, tolerance: 1e6 });
      expect(warm).toMatchObject({ runs: 6, settled: true });
      await detector.dispose();
    }
  });

  it("takes an .onnx head without a card, with labels and thresholds of its own", async () => {
    const assets = { env: { CALLSIGN_ASSETS: join(folder, "assets") } };
    const head = join(folder, "hey_you_v1.onnx");
    await writeFile(head, tinyHead({ labels: 2 }));
    expect(await refusal(head, { assets, head: { labels: ["hey"] } })).toMatch(
      /^CARD_MISMATCH .*expected 2 labels, one for each of its scores, got 1: hey/,
    );
    const labels = ["hey", "you"];
    // The embedding is the published one, which is not here: as far as that, all is well.
    expect(await refusal(head, { assets, head: { labels } })).toMatch(
      /^FILE_NOT_FOUND .*a head without a card reads google-speech-embedding, which is not here: CALLSIGN_ASSETS names/,
    );
    expect(await refusal(head, { head: { labels, threshold: 3 } })).toMatch(
      /^CARD_INVALID .*thresholds\.hey: .*got 3/s,
    );
    expect(await refusal(head, { head: { labels: [] } })).toMatch(/^CARD_MISMATCH .*got 0/);
    expect(await refusal(head, { embeddingPath, head: { labels } })).toMatch(/^CARD_MISMATCH .*toy\.onnx/);
  });

  it.skipIf(!hasSharedData).each([["openwakeword-alexa_v0.1"], ["livekit-hey_livekit"]])(
    "loads the published %s as it is",
    async (file) => {
      const assets = { env: { CALLSIGN_ASSETS: sharedPath("reference") } };
      const detector = await loadDetector(sharedPath("reference", `${file}.onnx`), {
        assets,
        head: { threshold: 0.7, patience: 2 },
      });
      expect(detector.card).toMatchObject({
        labels: [file],
        decision: { thresholds: { [file]: 0.7 }, patience: 2 },
      });
      expect(await detector.push(noise(16_000))).toHaveLength(12);
      await detector.dispose();
    },
  );
});

describe("bad models", () => {
  it("reports missing files", async () => {
    expect(await refusal(join(folder, "nowhere"))).toMatch(
      /^MODEL_NOT_FOUND \/nowhere\/model\.json: no such file; expected a model's folder with model\.json/,
    );
    expect(await refusal(join(folder, "nowhere.onnx"))).toMatch(
      /^MODEL_NOT_FOUND \/nowhere\.onnx: no such file/,
    );
    const model = await writeModel(exampleCard(), tinyHead());
    await rm(join(model, "model.onnx"));
    expect(await refusal(model)).toMatch(/^MODEL_NOT_FOUND \/model\/model\.onnx: no such file/);
    expect(await readdir(model)).toEqual(["model.json"]);
  });

  it("refuses a card that is none", async () => {
    const model = await writeModel(exampleCard(), tinyHead());
    await writeFile(join(model, "model.json"), "{");
    expect(await refusal(model)).toMatch(/^CARD_INVALID \/model\/model\.json: not JSON/);
    await writeFile(join(model, "model.json"), " ".repeat(5 * 2 ** 20));
    expect(await refusal(model)).toMatch(
      /^MODEL_INVALID \/model\/model\.json: 5242880 bytes; expected at most/,
    );
  });

  it("refuses a graph that is not the card's", async () => {
    const model = await writeModel(exampleCard(), tinyHead());
    const graph = await readFile(join(model, "model.onnx"));
    graph[graph.length - 1]! ^= 1;
    await writeFile(join(model, "model.onnx"), graph);
    expect(await refusal(model)).toMatch(
      /^CARD_MISMATCH \/model\/model\.onnx: model\.json names a graph of \d+ bytes with sha256 .*; export the model again/,
    );
  });

  it("rejects a graph that is not ONNX, despite its card", async () => {
    const text = new TextEncoder().encode("this is not a protobuf, however one looks at it");
    expect(await refusal(await writeModel(exampleCard(), text))).toMatch(
      /^MODEL_INVALID \/model\/model\.onnx/,
    );
    expect(await refusal(await writeModel(exampleCard(), tinyHead().subarray(0, 2000)))).toMatch(
      /^MODEL_INVALID/,
    );
    await writeFile(join(folder, "empty.onnx"), "");
    expect(await refusal(join(folder, "empty.onnx"))).toMatch(
      /^MODEL_INVALID \/empty\.onnx: the file is empty/,
    );
  });

  it("refuses a graph of another shape", async () => {
    expect(await refusal(await writeModel(exampleCard(), tinyHead({ embeddings: 8 })))).toMatch(
      /^MODEL_SHAPE_MISMATCH \/model\/model\.onnx: expected a float32 input \[n, 16, 96\], got "in" float32 \[n, 8, 96\]/,
    );
    expect(await refusal(await writeModel(slidingCard(), tinyHead()))).toMatch(
      /^MODEL_SHAPE_MISMATCH .*\[n, 1, 96\]/,
    );
    expect(await refusal(await writeModel(exampleCard(), tinyHead({ labels: 3 })))).toMatch(
      /^CARD_MISMATCH \/model\/model\.onnx: the card names 1 labels \(hello\), the graph gives 3 scores/,
    );
  });

  it("refuses an embedding that the model was not trained with", async () => {
    const model = await writeModel(exampleCard(), tinyHead());
    const other = join(folder, "other.onnx");
    await writeFile(other, tinyHead());
    expect(await refusal(model, { embeddingPath: other })).toMatch(
      /^CARD_MISMATCH \/model\/model\.onnx: the card was trained with embedding google-speech-embedding .*, got \/other\.onnx with/,
    );
    expect(await refusal(model, {})).toMatch(
      /^CARD_MISMATCH .*a Callsign that knows google-speech-embedding/,
    );
    expect(await refusal(model, { embeddingPath: join(folder, "none.onnx") })).toMatch(
      /^FILE_NOT_FOUND \/none\.onnx/,
    );
  });

  it("refuses an embedding that is none, though the card was trained with it", async () => {
    const embedding = { id: "google-speech-embedding" as const, sha256: sha256Hex(tinyHead()) };
    const { frontend } = exampleCard();
    const model = await writeModel(exampleCard(), tinyHead(), { frontend: { ...frontend, embedding } });
    await writeFile(embeddingPath, tinyHead());
    expect(await refusal(model)).toMatch(/^MODEL_SHAPE_MISMATCH .*speech embedding/);
  });
});
