import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createLabelPolicy, type FeatureFile, fromFloat16, toFloat16 } from "@callsign/data/internal";
import { FeatureStore, openShards, resolveTraining } from "@callsign/train/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { featureTables } from "../../src/shards/feature-tables.ts";
import { makeSyntheticBuild } from "../support/synthetic-build.ts";
import { smallConfig } from "../support/train-synthetic.ts";

const policy = createLabelPolicy({ policy: "whole-phrase", heardFraction: 1, afterSeconds: 0.2 });

let folder: string;
/** Frame i has the value i everywhere. */
const frames = Float32Array.from({ length: 96 * 96 }, (_, i) => Math.floor(i / 96));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-npy-"));
  await writeFile(
    join(folder, "f16"),
    Buffer.concat([Buffer.alloc(7), Buffer.from(toFloat16(frames).buffer)]),
  );
  await writeFile(join(folder, "f32"), Buffer.concat([Buffer.alloc(7), Buffer.from(frames.buffer)]));
});
afterAll(() => rm(folder, { recursive: true }));

/** Two blocks of 48 frames after 7 bytes of header. */
const fileOf = (dtype: "F16" | "F32", framesPerRow?: number): FeatureFile => ({
  id: "corpus-people",
  source: "people",
  licence: "CC-BY-NC-SA-4.0",
  origin: { path: "x.npy" },
  dtype,
  ...(framesPerRow !== undefined && { framesPerRow }),
  sha256: "0".repeat(64),
  files: [join(folder, dtype === "F16" ? "f16" : "f32")],
  blocks: [0, 1].map((i) => ({
    split: i === 0 ? "train" : "validation",
    file: 0,
    byte: 7 + i * 48 * 96 * (dtype === "F16" ? 2 : 4),
    frames: 48,
  })),
});

describe("featureTables", () => {
  it.each(["F16", "F32"] as const)("has every window within a row of a file of %s, and no other", (dtype) => {
    const tables = featureTables(fileOf(dtype, 16), { embeddings: 14, policy });
    // In memory, and read by range.
    for (const maxBytes of [1e9, 0]) {
      const store = new FeatureStore(tables, { maxBytes });
      const firsts: number[] = [];
      for (const [shard, { windows }] of tables.entries())
        for (let window = 0; window < windows.length; window++) {
          const values = store.gather([{ shard, window }], { embeddings: 14 });
          const first = values[0]!;
          firsts.push(first);
          expect(values).toEqual(frames.slice(96 * first, 96 * (first + 14)));
        }
      store.close();
      expect(firsts).toEqual([0, 16, 32, 48, 64, 80].flatMap((row) => [row, row + 1, row + 2]));
    }
  });

  it("takes a block of consecutive embeddings as one recording", () => {
    const [table] = featureTables(fileOf("F16"), { embeddings: 16, policy });
    expect(table!.windows.clipRanges()).toEqual([[0, 33]]);
    expect(table).toMatchObject({ split: "train", kind: "corpus", rows: 48 });
  });

  it("stand beside the shards of a build, as people's speech", async () => {
    const dataDir = await makeSyntheticBuild({ labels: ["x"], embeddings: 16, clips: 3, shards: 1 });
    try {
      const path = join(dataDir, "index.json");
      const index = JSON.parse(await readFile(path, "utf8")) as object;
      const config = smallConfig({}, { labels: ["x"], embeddings: 16 });
      const open = async (features: readonly FeatureFile[]) => {
        await writeFile(path, JSON.stringify({ ...index, features }));
        const opening = openShards(dataDir, { config, policy: resolveTraining(config).policy });
        for (;;) {
          const { done, value } = await opening.next();
          if (done === true) return value;
        }
      };
      const file = fileOf("F16", 16);
      const [plain, more] = [await open([]), await open([file])];
      expect(more.tables.map(({ kind }) => kind)).toEqual(["scene", "scene", "corpus", "corpus"]);
      const store = new FeatureStore(more.tables, { maxBytes: 0 });
      expect(store.rows(3)).toEqual(fromFloat16(toFloat16(frames.slice(48 * 96))));
      store.close();
      // A training is not resumed with other features.
      expect(more.sha256).not.toBe(plain.sha256);
      expect((await open([{ ...file, sha256: "1".repeat(64) }])).sha256).not.toBe(more.sha256);
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});
