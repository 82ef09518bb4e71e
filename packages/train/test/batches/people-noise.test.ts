import { rm } from "node:fs/promises";

import { createRandom } from "@callsign/data/internal";
import {
  FeatureStore,
  measurePeople,
  openShards,
  resolveTraining,
  type ShardTable,
} from "@callsign/train/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { EmbeddingNoise } from "../../src/batches/embedding-noise.ts";
import { makeSyntheticBuild } from "../support/synthetic-build.ts";
import { smallConfig } from "../support/train-synthetic.ts";

let folder: string;
let tables: readonly ShardTable[];

/** Recordings that differ by a multiple of the direction (3, 4, 0 ...), and inside by one of (0, 0, 1, 0 ...). */
beforeAll(async () => {
  const random = createRandom("people");
  folder = await makeSyntheticBuild({
    labels: ["x"],
    embeddings: 3,
    clips: 40,
    shards: 1,
    change: (shard) => {
      const rows = new Float32Array(shard.embeddings.length);
      const perClip = rows.length / 96 / shard.metadata.clips.length;
      for (let clip = 0; clip < shard.metadata.clips.length; clip++) {
        const who = random.normal();
        for (let row = clip * perClip; row < (clip + 1) * perClip; row++) {
          rows[row * 96] = 3 * who;
          rows[row * 96 + 1] = 4 * who;
          rows[row * 96 + 2] = random.normal();
        }
      }
      return { ...shard, embeddings: rows, metadata: { ...shard.metadata, kind: "corpus" } };
    },
  });
  const config = smallConfig({}, { labels: ["x"], embeddings: 3 });
  const opening = openShards(folder, { config, policy: resolveTraining(config).policy });
  for (;;) {
    const { done, value } = await opening.next();
    if (done !== true) continue;
    ({ tables } = value);
    break;
  }
});

afterAll(() => rm(folder, { recursive: true }));

describe("measurePeople", () => {
  it("gives the directions in which recordings differ, and those within a recording", () => {
    const shapes = measurePeople(tables, { features: new FeatureStore(tables, { maxBytes: 1e9 }) });
    // A lower triangle's rows have the variances; a total of 1, but for the ridge.
    const variance = (lower: Float64Array, i: number): number =>
      lower.subarray(i * 96, (i + 1) * 96).reduce((sum, value) => sum + value ** 2, 0);
    expect(variance(shapes.between, 0)).toBeCloseTo(9 / 25, 1);
    expect(variance(shapes.between, 1)).toBeCloseTo(16 / 25, 1);
    expect(variance(shapes.within, 2)).toBeCloseTo(1, 1);
    expect(variance(shapes.within, 0)).toBeLessThan(0.01);
  });

  it("shapes noise: the same total variance as round noise, in people's directions", () => {
    const shapes = measurePeople(tables, { features: new FeatureStore(tables, { maxBytes: 1e9 }) });
    const random = createRandom(5);
    const clean = Float32Array.from({ length: 3000 * 96 }, () => random.normal());
    const variances = (noise: EmbeddingNoise): number[] => {
      const noisy = clean.slice();
      noise.addTo(noisy, { embeddings: 3, random: createRandom(6) });
      return Array.from({ length: 96 }, (_, i) => {
        let sum = 0;
        for (let row = i; row < clean.length; row += 96) sum += (noisy[row]! - clean[row]!) ** 2;
        return sum / 3000;
      });
    };
    const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
    const round = variances(new EmbeddingNoise({ noise: 1, offset: 0.7 }, createRandom(7)));
    const people = variances(new EmbeddingNoise({ noise: 1, offset: 0.7 }, createRandom(7), shapes));
    expect(total(people) / total(round)).toBeGreaterThan(0.85);
    expect(total(people) / total(round)).toBeLessThan(1.15);
    expect(people[2]! / total(people)).toBeCloseTo(1 / 1.49, 1);
    expect(people[0]! + people[1]!).toBeGreaterThan(0.28 * total(people));
    expect(people[50]!).toBeLessThan(0.01 * total(people));
  });

  it("asks for people where there are none", () => {
    const noise = tables.map((table) => ({ ...table, kind: "noise" }));
    expect(() => measurePeople(noise, { features: new FeatureStore(noise, { maxBytes: 1e9 }) })).toThrow(
      expect.objectContaining({
        code: "CLASS_EMPTY",
        message: expect.stringContaining("got 0; add some to data.corpora"),
      }),
    );
  });
});
