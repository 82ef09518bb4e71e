import { rm } from "node:fs/promises";

import { createRandom, NEGATIVE } from "@callsign/data/internal";
import {
  Batches,
  FeatureCache,
  type OpenedShards,
  openShards,
  resolveTraining,
  type DetectorConfig,
} from "@callsign/train/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { makeSyntheticBuild } from "../support/synthetic-build.ts";
import { smallConfig } from "../support/train-synthetic.ts";

let folder: string;
let shards: OpenedShards;
const labels = ["on", "off"];

beforeAll(async () => {
  folder = await makeSyntheticBuild({ labels, embeddings: 3, clips: 10, shards: 3 });
  const config = smallConfig({}, { labels, embeddings: 3 });
  const opening = openShards(folder, { config, policy: resolveTraining(config).policy });
  for (;;) {
    const { done, value } = await opening.next();
    if (done === true) {
      shards = value;
      break;
    }
  }
});

afterAll(() => rm(folder, { recursive: true }));

function batchesOf(
  train: Partial<DetectorConfig["train"]> = {},
  cache = new FeatureCache(shards.tables, { maxBytes: 1e9 }),
) {
  const config = smallConfig({}, { labels, embeddings: 3 });
  return new Batches({
    tables: shards.tables,
    cache,
    labels: 2,
    embeddings: 3,
    train: { ...config.train, batch: { positives: 5, negatives: 7 }, ...train },
    random: createRandom(1),
  });
}

describe("Batches", () => {
  it("holds positives of every label as evenly as can be, then negatives, with their own features", async () => {
    const { features, targets, places } = await batchesOf().at(4);
    expect([...targets]).toEqual([1, 0, 1, 0, 0, 1, 0, 1, 0, 1, ...Array<number>(14).fill(0)]);
    const cache = new FeatureCache(shards.tables, { maxBytes: 1e9 });
    for (const [i, { shard, window }] of places.entries()) {
      const table = shards.tables[shard]!;
      expect(table.split).toBe("train");
      expect(table.outcome[window]).toBe(i < 2 ? 0 : i < 5 ? 1 : NEGATIVE);
      const end = (table.windowEnd[window]! + 1) * 96;
      const rows = await cache.get(shard);
      expect(features.subarray(i * 288, (i + 1) * 288)).toEqual(rows.subarray(end - 288, end));
    }
  });

  it("is the same at a step however it was come to, and however few shards fit in memory", async () => {
    const whole = batchesOf({ memoryMiB: 512 });
    for (let step = 0; step < 6; step++) await whole.at(step);
    expect((await whole.at(6)).places).toEqual((await batchesOf({ memoryMiB: 512 }).at(6)).places);
    const small = (): Batches =>
      batchesOf({ memoryMiB: 0.1 }, new FeatureCache(shards.tables, { maxBytes: 1e5 }));
    const streamed = small();
    for (let step = 0; step < 6; step++) await streamed.at(step);
    expect(await streamed.at(6)).toEqual(await small().at(6));
  });

  it("draws its share of the negatives from the hard ones", async () => {
    const batches = batchesOf({ mining: { everyEpochs: 1, keep: 2, share: 0.5 } });
    const negatives = (await batches.at(0)).places.slice(5);
    const hard = negatives.slice(0, 2);
    await batches.setHard(hard);
    const { places, features } = await batches.at(0);
    expect(places.slice(5, 8)).toEqual(negatives.slice(0, 3));
    expect(hard).toEqual(expect.arrayContaining([...new Set(places.slice(8))]));
    const rows = await new FeatureCache(shards.tables, { maxBytes: 1e9 }).get(places[11]!.shard);
    const end = (shards.tables[places[11]!.shard]!.windowEnd[places[11]!.window]! + 1) * 96;
    expect(features.subarray(11 * 288)).toEqual(rows.subarray(end - 288, end));
  });

  it("mixes features and targets by the same shares, and keeps what they sum to", async () => {
    const plain = await batchesOf().at(2);
    const mixed = await batchesOf({ mixup: { probability: 1, alpha: 0.4 } }).at(2);
    const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
    expect(sum(mixed.targets)).toBeCloseTo(sum(plain.targets), 5);
    expect(sum(mixed.features)).toBeCloseTo(sum(plain.features), 2);
    expect(mixed.targets.some((target) => target > 0 && target < 1)).toBe(true);
  });

  it("lays noise on the embeddings in proportion to their spread, alike every time", async () => {
    const plain = await batchesOf().at(2);
    const noisy = await batchesOf({ noise: 0.5 }).at(2);
    expect(noisy).toEqual(await batchesOf({ noise: 0.5 }).at(2));
    expect(noisy.targets).toEqual(plain.targets);
    const deviation = (values: Float32Array): number => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    };
    // One value of the 96, over the 36 rows of the batch.
    const column = (values: Float32Array): Float32Array => values.filter((_, i) => i % 96 === 7);
    const difference = column(noisy.features).map((value, i) => value - column(plain.features)[i]!);
    expect(deviation(difference)).toBeGreaterThan(0.3 * deviation(column(plain.features)));
    expect(deviation(difference)).toBeLessThan(0.7 * deviation(column(plain.features)));
    expect((await batchesOf({ noise: 0.5 }).at(3)).features).not.toEqual(noisy.features);
  });

  it("shifts all embeddings of a window alike, and each window otherwise", async () => {
    const plain = await batchesOf().at(2);
    const shifted = await batchesOf({ offset: 0.5 }).at(2);
    expect(shifted).toEqual(await batchesOf({ offset: 0.5 }).at(2));
    const width = shifted.features.length / shifted.places.length;
    const shiftOf = (window: number, row: number): number[] =>
      Array.from({ length: 96 }, (_, i) => {
        const at = window * width + row * 96 + i;
        return shifted.features[at]! - plain.features[at]!;
      });
    for (let window = 0; window < shifted.places.length; window++) {
      const first = shiftOf(window, 0);
      expect(Math.max(...first.map(Math.abs))).toBeGreaterThan(0.01);
      for (let row = 1; row < width / 96; row++)
        for (const [i, value] of shiftOf(window, row).entries()) expect(value).toBeCloseTo(first[i]!, 4);
      if (window > 0) expect(first).not.toEqual(shiftOf(window - 1, 0));
    }
  });
});
