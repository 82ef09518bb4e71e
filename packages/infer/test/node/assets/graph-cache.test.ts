import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { formatModelCard, FRONTEND_GRAPHS, shippedGraph } from "@callsign/infer/internal";
import { deriveGraph } from "@callsign/infer/graphs/internal";
import { CALLSIGN_EMBEDDING, graphFiles, SPEECH_EMBEDDING } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";
import { smallEmbedding } from "../../support/small-embedding.ts";
import { toneDetector } from "../../support/tone-detector.ts";

const child = fileURLToPath(new URL("../../support/detect-child.mjs", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-graphs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A source over an empty cache, whose embedding can be read as often as given. */
async function emptyCache(sha256: string) {
  const cacheDir = await mkdtemp(join(folder, "cache-"));
  const embedding = smallEmbedding();
  const read = graphFiles(() => Promise.resolve(embedding), { sha256, assets: { cacheDir } });
  const entries = () => readdir(join(cacheDir, "graphs")).catch((): string[] => []);
  return { cacheDir, embedding, read, entries };
}

describe("graphFiles", () => {
  it("gives the shipped graphs of our own embedding, as derived from it, and writes nothing", async () => {
    const { entries, cacheDir } = await emptyCache(CALLSIGN_EMBEDDING.sha256);
    const embedding = await readFile(CALLSIGN_EMBEDDING.packaged);
    const { sha256 } = CALLSIGN_EMBEDDING;
    const read = graphFiles(() => Promise.resolve(embedding), { sha256, assets: { cacheDir } });
    for (const graph of FRONTEND_GRAPHS) {
      expect(shippedGraph(graph, sha256)).toBeDefined();
      expect(Buffer.from(deriveGraph(graph, embedding)).equals(await read(graph)), graph).toBe(true);
    }
    expect(await entries()).toEqual([]);
  });

  it("derives those of Google's once, and again where the entry is damaged", async () => {
    // The key is the given sha256, so any embedding can be used here.
    const { cacheDir, embedding, read, entries } = await emptyCache(SPEECH_EMBEDDING.sha256);
    const derived = Buffer.from(deriveGraph("stream", embedding));
    expect(derived.equals(await read("stream"))).toBe(true);
    const [name, ...others] = await entries();
    expect(others).toEqual([]);
    expect(name).toContain(SPEECH_EMBEDDING.sha256);
    const path = join(cacheDir, "graphs", name!);
    const entry = await readFile(path);
    // Read from there: an embedding that cannot be derived from is not looked into.
    const { sha256 } = SPEECH_EMBEDDING;
    const junk = graphFiles(() => Promise.resolve(new Uint8Array(9)), { sha256, assets: { cacheDir } });
    expect(derived.equals(await junk("stream"))).toBe(true);
    for (const damaged of [entry.subarray(0, 1000), Buffer.alloc(0), flip(entry)]) {
      await writeFile(path, damaged);
      await expect(junk("stream")).rejects.toMatchObject({ code: "MODEL_INVALID" });
      expect(derived.equals(await read("stream"))).toBe(true);
      expect((await readFile(path)).equals(entry)).toBe(true);
    }
  });

  it("caches no embedding that Callsign does not know", async () => {
    const { read, embedding, entries } = await emptyCache("0".repeat(64));
    expect(Buffer.from(deriveGraph("clips", embedding)).equals(await read("clips"))).toBe(true);
    expect(await entries()).toEqual([]);
  });

  it("does without a cache that cannot be written", async () => {
    const { cacheDir, embedding, read } = await emptyCache(SPEECH_EMBEDDING.sha256);
    await writeFile(join(cacheDir, "graphs"), "a file");
    expect(Buffer.from(deriveGraph("clips", embedding)).equals(await read("clips"))).toBe(true);
  });

  it("refuses an embedding that is not the card's also where the graphs are at hand", async () => {
    const refuse = () => Promise.reject(new Error("another file"));
    await expect(graphFiles(refuse, CALLSIGN_EMBEDDING)("stream")).rejects.toThrow("another file");
  });
});

describe("the ONNX reader", () => {
  it("is not loaded to detect with our own embedding", async () => {
    const model = await writeModel("ours", {});
    expect(await detect(model, await mkdtemp(join(folder, "home-")))).toEqual({ detections: 1, onnx: false });
  });

  it.skipIf(!hasSharedData)("is loaded once in a cache's life for Google's", async () => {
    const { id, sha256 } = SPEECH_EMBEDDING;
    const model = await writeModel("google", { embedding: { id, sha256 } });
    const home = await mkdtemp(join(folder, "home-"));
    await mkdir(join(home, "callsign"));
    const reference = sharedPath("reference/embedding_model.onnx");
    await copyFile(reference, join(home, "callsign", SPEECH_EMBEDDING.fileNames[0]));
    expect(await detect(model, home)).toMatchObject({ onnx: true });
    expect(await detect(model, home)).toMatchObject({ onnx: false });
  });
});

function flip(entry: Buffer): Buffer {
  const flipped = Buffer.from(entry);
  flipped[500]! ^= 1;
  return flipped;
}

async function writeModel(
  name: string,
  frontend: { embedding?: { id: "google-speech-embedding"; sha256: string } },
): Promise<string> {
  const { card, classifier } = await toneDetector();
  const model = join(folder, name);
  await mkdir(model);
  const whole = { ...card, frontend: { ...card.frontend, ...frontend } };
  await writeFile(join(model, "model.json"), formatModelCard(whole, { name: "model.json" }));
  await writeFile(join(model, card.classifier.file), classifier);
  return model;
}

/** Detects in a process of its own, and whether that loaded protobuf or `@callsign/onnx`. */
async function detect(model: string, cache: string): Promise<{ detections: number; onnx: boolean }> {
  const args = ["--conditions=@callsign/source", child, model, "main"];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { PATH: process.env["PATH"], XDG_CACHE_HOME: cache, LIST_MODULES: "1" },
    timeout: 60_000,
  });
  const [detections, ...modules] = stdout.split("\n");
  expect(modules.length).toBeGreaterThan(20);
  const onnx = modules.some((url) => /@bufbuild|packages\/onnx\//.test(url));
  return { detections: Number(detections), onnx };
}
