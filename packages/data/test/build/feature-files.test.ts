import { mkdtemp, open, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type DataConfigInput,
  type FeatureFile,
  findBuildProblems,
  parseDataConfig,
} from "@callsign/data/internal";
import { sha256Hex, SPEECH_EMBEDDING } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { bytesOfFrames } from "../../src/features/feature-file.ts";
import { checkFeatureSet, locateFeatures } from "../../src/build/stages/feature-files.ts";
import { featureSets } from "../../src/build/stages/corpus-sets.ts";
import { HubServer } from "../sources/support/hub-server.ts";
import { npyFile, numberedFrames } from "../sources/support/npy.ts";
import { makeSources, smallConfig, smallContext } from "./support/small-build.ts";

/** Rows of a block of ten minutes, and its frames. */
const ROWS = 468;
const BLOCK = 16 * ROWS;
const REPOSITORY = "someone/features";

let folder: string;
let file: Uint8Array;
let server: HubServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-features-"));
  file = npyFile(numberedFrames(6 * BLOCK), [6 * ROWS, 16, 96]);
  await writeFile(join(folder, "rows.npy"), file);
  await writeFile(join(folder, "frames.npy"), npyFile(numberedFrames(30_000), [30_000, 96]));
  server = await HubServer.start({
    repository: REPOSITORY,
    files: new Map([
      ["rows.npy", file],
      ["README.md", Buffer.from("# Features")],
    ]),
  });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

type Source = Extract<
  NonNullable<NonNullable<DataConfigInput["data"]>["corpora"]>[number]["source"],
  { kind: "features" }
>;

function contextOf(
  source: Omit<Source, "kind" | "licence">,
  corpus: object = {},
  more: Partial<DataConfigInput> = {},
) {
  const corpora = [
    { source: { kind: "features" as const, licence: "CC-BY-NC-SA-4.0", ...source }, ...corpus },
  ];
  const context = smallContext(folder, {
    out: join(folder, "build"),
    config: { ...more, data: { ...smallConfig.data, corpora } },
  });
  const hub = { endpoint: server.endpoint, fetch, cacheDir: join(folder, "cache") };
  return { ...context, hub };
}

async function locate(context: ReturnType<typeof contextOf>): Promise<FeatureFile> {
  const locating = locateFeatures(context);
  for (;;) {
    const { done, value } = await locating.next();
    if (done === true) return value[0]!;
  }
}

/** Frames of a block, by the bits of its first values. */
async function firstFrames({ files, blocks }: FeatureFile): Promise<number[]> {
  const firsts: number[] = [];
  for (const { file: index, byte } of blocks) {
    const handle = await open(files[index]!);
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, byte);
    firsts.push(buffer.readUInt16LE(0));
    await handle.close();
  }
  return firsts;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("locateFeatures", () => {
  it("downloads the hours asked for in ranges, and none of them twice", async () => {
    // Two blocks of six.
    const context = contextOf({ repository: REPOSITORY, hours: 0.3 });
    const found = await locate(context);
    expect(found.origin).toEqual({ repository: REPOSITORY, revision: server.commit, file: "rows.npy" });
    expect(found.blocks).toHaveLength(2);
    // The header, and what was asked for.
    expect(server.bytesOf("rows.npy?signature=1")).toBe(4096 + 2 * bytesOfFrames(BLOCK, "F16"));
    const starts = Array.from({ length: 6 }, (_, i) => (i * BLOCK) % 0x7c00);
    for (const first of await firstFrames(found)) expect(starts).toContain(first);
    const before = server.bytesOf("rows.npy?signature=1");
    expect(await locate(context)).toEqual(found);
    expect(server.bytesOf("rows.npy?signature=1")).toBe(before);
    const other = await locate(contextOf({ repository: REPOSITORY, hours: 0.3, seed: 1 }));
    expect(other.files).not.toEqual(found.files);
    expect(other.sha256).not.toBe(found.sha256);
  });

  it("downloads the whole file without hours, checks its sha256, and reads it in place", async () => {
    const found = await locate(contextOf({ repository: REPOSITORY }));
    expect(found.files).toHaveLength(1);
    expect((await stat(found.files[0]!)).size).toBe(file.length);
    expect(found.files[0]).toContain(sha256Hex(file));
    expect(found.blocks).toHaveLength(6);
    expect(await firstFrames(found)).toEqual(found.blocks.map((_, i) => (i * BLOCK) % 0x7c00));
  });

  it("uses a local file where it lies: the same blocks as those on the hub", async () => {
    const [local, remote] = await Promise.all([
      locate(contextOf({ path: "rows.npy", hours: 0.4 })),
      locate(contextOf({ repository: REPOSITORY, hours: 0.4 })),
    ]);
    expect(local.files).toEqual([join(folder, "rows.npy")]);
    expect(local).toMatchObject({ dtype: "F16", framesPerRow: 16, licence: "CC-BY-NC-SA-4.0" });
    expect(sum(local.blocks.map(({ frames }) => frames))).toBe(3 * BLOCK);
    expect(await firstFrames(local)).toEqual(await firstFrames(remote));
    expect(new Set(local.blocks.map(({ split }) => split))).toEqual(new Set(["train"]));
  });

  it("knows a file by its content: the same elsewhere, another once it is changed", async () => {
    const shaOf = async (path: string) => (await locate(contextOf({ path }))).sha256;
    const changed = Uint8Array.from(file);
    changed[file.length - 1]! ^= 1;
    await writeFile(join(folder, "copy.npy"), file);
    await writeFile(join(folder, "changed.npy"), changed);
    expect(await shaOf("copy.npy")).toBe(await shaOf("rows.npy"));
    expect(await shaOf("changed.npy")).not.toBe(await shaOf("rows.npy"));
  });

  it("puts a share of consecutive embeddings into validation, in whole blocks", async () => {
    const { blocks, framesPerRow } = await locate(contextOf({ path: "frames.npy" }));
    expect(framesPerRow).toBeUndefined();
    expect(blocks.map(({ frames }) => frames)).toEqual([7500, 7500, 7500, 7500]);
    expect(blocks.filter(({ split }) => split === "validation")).toHaveLength(1);
    const all = await locate(contextOf({ path: "frames.npy" }, { split: "validation" }));
    expect(all.blocks.every(({ split }) => split === "validation")).toBe(true);
  });
});

describe("features are refused", () => {
  it.each<[string, Parameters<typeof contextOf>[0], object, Partial<DataConfigInput>, string]>([
    [
      "of rows shorter than the window",
      { path: "rows.npy" },
      {},
      { windowing: { kind: "embedding-sequence", embeddings: 17 } },
      "its rows have 16 consecutive embeddings, but a window of this detector reads 17",
    ],
    [
      "of single windows as validation",
      { path: "rows.npy" },
      { split: "validation" },
      {},
      "rows of 16 embeddings have one window each",
    ],
    ["that are no features", { path: "talk/a-1.wav" }, {}, {}, "expected it to begin with the bytes"],
    ["that are not there", { path: "none.npy" }, {}, {}, "no such file of features"],
    [
      "of a file that the repository has not",
      { repository: REPOSITORY, file: "other.npy" },
      {},
      {},
      "expected the file other.npy; its .npy files: rows.npy",
    ],
  ])("%s", async (_what, source, corpus, more, message) => {
    await makeSources(folder);
    const context = contextOf(source, corpus, more);
    const [set] = featureSets(context);
    await expect(
      checkFeatureSet(context, { set: set!, embeddingSha256: SPEECH_EMBEDDING.sha256 }),
    ).rejects.toThrow(message);
  });

  it("with another embedding, before anything is built", async () => {
    await makeSources(folder);
    const problems = await findBuildProblems(contextOf({ path: "rows.npy" }));
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining(
        "precomputed features are of google-speech-embedding, but this detector's embedding is",
      ),
    ]);
  });

  it.each([
    [{ copies: 2 }, "expected copies 0, got 2"],
    [{ role: "labelled" as const }, "expected role negative or auto, got labelled"],
  ])("as recordings: %o", (corpus, message) => {
    const source = { kind: "features" as const, path: "x.npy", licence: "CC0-1.0" };
    const config = { ...smallConfig, data: { corpora: [{ source, ...corpus }] } };
    expect(() => parseDataConfig(config, { name: "c.yaml" })).toThrow(message);
  });
});
