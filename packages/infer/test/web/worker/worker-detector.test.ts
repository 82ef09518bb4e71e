import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type ModelCard, shippedGraph } from "@callsign/infer/internal";
import { CALLSIGN_EMBEDDING, loadDetector, sha256Hex } from "@callsign/infer/node/internal";
import { serveDetector, WorkerDetector, type WorkerLoadOptions } from "@callsign/infer/web/internal";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";
import { exampleCard } from "../../support/example-card.ts";
import { makeDetector } from "../../support/make-detector.ts";
import { noise } from "../../../../../test-support/noise.ts";
import { refusal } from "../../../../../test-support/refusal.ts";
import { type ServedFiles, serveFiles } from "../../support/serve-files.ts";
import { tinyHead } from "../../support/tiny-head.ts";
import { toyEmbedding } from "../../support/toy-embedding.ts";

const embedding = toyEmbedding();
const graph = tinyHead();
const card = (changes: Partial<ModelCard> = {}): ModelCard => {
  const plain = exampleCard(changes);
  return {
    ...plain,
    classifier: { file: "model.onnx", sha256: sha256Hex(graph), bytes: graph.length },
    frontend: { ...plain.frontend, embedding: { id: "callsign-embedding", sha256: sha256Hex(embedding) } },
  };
};

/** For a model of Callsign's own embedding. */
function ourCard(): ModelCard {
  const { id, sha256 } = CALLSIGN_EMBEDDING;
  const plain = card();
  return { ...plain, frontend: { ...plain.frontend, embedding: { id, sha256 } } };
}
const stream = shippedGraph("stream", CALLSIGN_EMBEDDING.sha256)!;

/** A worker that runs in this thread: the messages are cloned as between real ones. */
function makeWorker(serve: (port: MessagePort) => void = (port) => serveDetector(port)): Worker {
  const { port1, port2 } = new MessageChannel();
  serve(port2);
  return Object.assign(port1, { terminate: () => port1.close() }) as unknown as Worker;
}

let server: ServedFiles;
let options: WorkerLoadOptions;

beforeAll(async () => {
  const runtime = createRequire(import.meta.resolve("@callsign/infer")).resolve(
    "onnxruntime-web/ort-wasm-simd-threaded.wasm",
  );
  const shared = async (name: string): Promise<Uint8Array> =>
    hasSharedData ? readFile(sharedPath("reference", name)) : new Uint8Array();
  const alexa = await shared("openwakeword-alexa_v0.1.onnx");
  server = await serveFiles({
    "/google.onnx": await shared("embedding_model.onnx"),
    "/heads/alexa.onnx": alexa,
    "/heads/alexa_v0.1.onnx": alexa,
    // Another tool's file of the same name.
    "/heads/model.json": JSON.stringify({ format: "layers-model" }),
    "/model/model.json": JSON.stringify(card()),
    "/model/model.onnx": graph,
    "/other/model.json": JSON.stringify({ ...card(), name: "other" }),
    "/other/model.onnx": graph,
    "/embedding.onnx": embedding,
    "/ours/model.json": JSON.stringify(ourCard()),
    "/ours/model.onnx": graph,
    [`/${stream.file}`]: await readFile(new URL(stream.file, new URL(".", CALLSIGN_EMBEDDING.packaged))),
    "/spoiled/callsign-embedding-stream.onnx": embedding,
    "/cut.onnx": { cut: embedding },
    "/slow.onnx": { stall: embedding },
    "/runtime.wasm": await readFile(runtime),
    "/page/model.json": { html: "<!doctype html>" },
  });
  const { url } = server;
  options = { model: `${url}model/`, embedding: `${url}embedding.onnx`, wasmUrl: `${url}runtime.wasm` };
});
afterAll(() => server.close());

/** The page is at the server's address. */
async function load(changes: object = {}, worker = makeWorker()): Promise<WorkerDetector> {
  vi.stubGlobal("location", { href: server.url });
  return WorkerDetector.load(worker, { ...options, ...changes });
}

describe("WorkerDetector", () => {
  it("detects what Node detects, with one model and with several", async () => {
    const samples = noise(48_000);
    const alone = await makeDetector(card(), { embedding, head: graph });
    const expected = await alone.push(samples);
    await alone.dispose();
    const worker = await load({
      model: undefined,
      models: [`${server.url}model`, `${server.url}other/model.onnx`],
    });
    expect(worker.cards.map(({ name }) => name)).toEqual(["hello", "other"]);
    const steps = await worker.push(Int16Array.from(samples));
    expect(server.requests.filter((path) => path === "/embedding.onnx")).toHaveLength(1);
    for (const name of ["hello", "other"]) {
      const own = steps.filter(({ model }) => model === name);
      expect(own.map(({ timestampMs }) => timestampMs)).toEqual(
        expected.map(({ timestampMs }) => timestampMs),
      );
      for (const [i, { scores }] of own.entries()) expect(scores[0]).toBeCloseTo(expected[i]!.scores[0]!, 5);
    }
    await worker.dispose();
    await expect(worker.push(samples)).rejects.toEqual(refusal("DISPOSED", "disposed of"));
  });

  it("fetches the shipped graphs of Callsign's embedding instead of the embedding if their address is given", async () => {
    const worker = await load({ model: `${server.url}ours/`, embedding: "none.onnx", graphs: "graphs" });
    expect(server.requests.filter((path) => path.startsWith("/graphs"))).toEqual([
      "/graphs/callsign-embedding-stream.onnx",
    ]);
    await worker.dispose();
    const graphs = `${server.url}spoiled/`;
    await expect(load({ model: `${server.url}ours/`, embedding: "none.onnx", graphs })).rejects.toEqual(
      refusal("CARD_MISMATCH", "spoiled/callsign-embedding-stream.onnx"),
    );
  });

  it.skipIf(!hasSharedData)(
    "reads bare heads, fetched or picked, on one front-end, as Node does",
    async () => {
      const alexa = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
      const samples = noise(32_000);
      const node = await loadDetector(alexa, {
        embeddingPath: sharedPath("reference", "embedding_model.onnx"),
      });
      const expected = await node.push(samples);
      await node.dispose();
      const bytes = new Uint8Array(await readFile(alexa));
      const worker = await load({
        model: undefined,
        models: [
          { url: "heads/alexa.onnx", head: { labels: ["Alexa"], threshold: 0.3 } },
          { url: "100% mine?.onnx", bytes },
          "heads/alexa_v0.1.onnx",
          { url: "two.onnx", bytes: new Uint8Array(tinyHead({ labels: 2 })) },
        ],
        embedding: { "google-speech-embedding": "google.onnx", "callsign-embedding": "none.onnx" },
      });
      expect(worker.cards.map(({ name }) => name)).toEqual(["alexa", "100% mine?", "alexa_v0.1", "two"]);
      expect(worker.notes).toEqual([expect.stringContaining("2 scores without names")]);
      expect(worker.card.decision.thresholds).toEqual({ Alexa: 0.3 });
      const steps = await worker.push(samples);
      for (const { name } of worker.cards.slice(0, 3)) {
        const scores = steps.filter(({ model }) => model === name).map((step) => step.scores[0]!);
        expect(scores).toHaveLength(expected.length);
        for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(expected[i]!.scores[0]!, 5);
      }
      expect(server.requests.filter((path) => path === "/google.onnx")).toHaveLength(1);
      await worker.dispose();
    },
  );

  it.each([
    ["a body that is cut off", { embedding: "cut.onnx" }, "MODEL_NOT_FOUND", "cut.onnx: the download failed"],
    [
      "a page instead of a card",
      { model: "page/" },
      "MODEL_NOT_FOUND",
      "model.json: the server answered with an HTML",
    ],
    [
      "a file that is not there",
      { model: "none/" },
      "MODEL_NOT_FOUND",
      "none/model.json: the server answered 404",
    ],
    [
      "another embedding",
      { embedding: "model/model.onnx" },
      "CARD_MISMATCH",
      "model/model.onnx: the model's card",
    ],
    [
      "labels for a model with a card",
      { model: { url: "model/", head: {} } },
      "INVALID_ARGUMENT",
      "head is for",
    ],
    ["no address of the embedding", { embedding: {} }, "INVALID_ARGUMENT", "needs callsign-embedding"],
    [
      "two models of one name",
      { model: undefined, models: ["model/", "model/model.onnx"] },
      "INVALID_ARGUMENT",
      "named",
    ],
    ["neither model nor models", { model: undefined }, "INVALID_ARGUMENT", "got neither"],
    ["one runtime for two", { providers: ["webgpu", "wasm"] }, "INVALID_ARGUMENT", "wasmUrl: with several"],
  ] as const)("refuses %s with the code of the worker's error", async (_, changes, code, text) => {
    await expect(load(changes)).rejects.toEqual(refusal(code, text));
  });

  it("stops loading when its signal aborts, before and during a download", async () => {
    const timeout = AbortSignal.timeout(100);
    await expect(load({ embedding: "slow.onnx", signal: timeout })).rejects.toEqual(
      refusal("ABORTED", "aborted"),
    );
    const requests = server.requests.length;
    await expect(load({ signal: AbortSignal.abort() })).rejects.toEqual(refusal("ABORTED", "aborted"));
    expect(server.requests).toHaveLength(requests);
  });

  it("reports a worker that does not start, crashes, or sends an unreadable answer", async () => {
    const silent = makeWorker(() => undefined);
    await expect(load({ startTimeoutSeconds: 0.05 }, silent)).rejects.toEqual(
      refusal("WORKER_FAILED", "did not answer within 0.05 s"),
    );
    const missing = makeWorker(() => undefined);
    const loading = load({}, missing);
    missing.onerror!({ message: undefined } as never);
    await expect(loading).rejects.toEqual(refusal("WORKER_FAILED", "its module cannot be loaded"));
    const unreadable = makeWorker(() => undefined);
    const other = load({}, unreadable);
    unreadable.onmessageerror!({} as never);
    await expect(other).rejects.toEqual(refusal("WORKER_FAILED", "could not be read"));
  });

  it("rejects chunks that are not samples and continues", async () => {
    const worker = await load();
    for (const wrong of [Buffer.alloc(320), new Float64Array(8), [1, 2]])
      await expect(worker.push(wrong as never)).rejects.toEqual(
        refusal("INVALID_ARGUMENT", "expected a Float32Array"),
      );
    await expect(worker.push(new Float32Array([Number.NaN]))).rejects.toEqual(
      refusal("AUDIO_NOT_FINITE", "NaN"),
    );
    await expect(worker.push(Float32Array.of(0, 8213))).rejects.toEqual(
      refusal("AUDIO_OUT_OF_RANGE", "expected Float32Array samples in -1..1, got 8213 at sample 1"),
    );
    expect(await worker.push(noise(1280))).toHaveLength(1);
    await worker.dispose();
  });
});
