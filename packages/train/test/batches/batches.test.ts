import { rm } from "node:fs/promises";

import { createRandom, NEGATIVE } from "@callsign/data/internal";
import {
  Batches,
  divideBatch,
  FeatureStore,
  type OpenedShards,
  openShards,
  resolveTraining,
  type ShardTable,
  type DetectorConfig,
} from "@callsign/train/internal";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { makeSyntheticBuild } from "../support/synthetic-build.ts";
import { windowTable } from "../support/window-table.ts";
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
  features = new FeatureStore(shards.tables, { maxBytes: 1e9 }),
) {
  const config = smallConfig({}, { labels, embeddings: 3 });
  return new Batches({
    tables: shards.tables,
    features,
    labels: 2,
    embeddings: 3,
    train: { ...config.train, batch: { ...config.train.batch, positives: 5, negatives: 7 }, ...train },
    random: createRandom(1),
  });
}

/** A shard of negatives, each a clip of its own that reads the first features; a batch's places can be drawn from it. */
const negativesOf = (kind: string, count: number): ShardTable => ({
  ...shards.tables[0]!,
  kind,
  windows: windowTable({
    clipWindows: new Int32Array(count).fill(1),
    clipRow: new Int32Array(count).fill(2),
  }),
});

/** Kinds of the negatives of some steps, counted. */
function kindsOf(
  tables: readonly ShardTable[],
  { steps, negatives, shares = {} }: { steps: readonly number[]; negatives: number; shares?: object },
): Record<string, number> {
  const config = smallConfig({ batch: { positives: 2, negatives, shares } }, { labels, embeddings: 3 });
  const batches = new Batches({
    tables,
    features: new FeatureStore(tables, { maxBytes: 1e9 }),
    labels: 2,
    embeddings: 3,
    train: config.train,
    random: createRandom(2),
  });
  const counts: Record<string, number> = {};
  for (const step of steps)
    for (const { shard } of batches.at(step).places.slice(2))
      counts[tables[shard]!.kind] = (counts[tables[shard]!.kind] ?? 0) + 1;
  return counts;
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

describe("Batches by kind", () => {
  it("hold each kind of negatives by its share, however many windows it has, in the first batches as in later ones", async () => {
    const tables = [
      { ...shards.tables[0]!, kind: "positive" },
      negativesOf("near-miss", 5),
      negativesOf("random-words", 900),
      negativesOf("foreign", 2000),
      negativesOf("corpus", 300),
      negativesOf("noise", 40),
    ];
    const shares = { nearMiss: 1, people: 4, synthetic: 2, noise: 1, around: 0 };
    for (const from of [0, 57, 400]) {
      const counts = kindsOf(tables, { steps: range(from, 20), negatives: 16, shares });
      expect(counts["near-miss"]).toBe(40);
      expect(counts["corpus"]).toBe(160);
      expect(counts["random-words"]! + counts["foreign"]!).toBe(80);
      expect(counts["noise"]).toBe(40);
    }
  });

  it("give what a missing kind would have to the others in proportion", async () => {
    const tables = [
      { ...shards.tables[0]!, kind: "positive" },
      negativesOf("sentence", 50),
      negativesOf("noise", 50),
    ];
    const shares = { people: 100, synthetic: 3, noise: 1, around: 0 };
    expect(kindsOf(tables, { steps: [3], negatives: 16, shares })).toEqual({ sentence: 12, noise: 4 });
  });

  it("are refused if every kind that the data has is left out", async () => {
    const tables = [{ ...shards.tables[0]!, kind: "positive" }, negativesOf("noise", 5)];
    expect(() => kindsOf(tables, { steps: [0], negatives: 4, shares: { noise: 0, around: 0 } })).toThrow(
      expect.objectContaining({ code: "CLASS_EMPTY", message: expect.stringContaining("around, noise") }),
    );
  });

  it("hold a positive of every label in every few batches, even with more labels than positives", async () => {
    const names = range(0, 7).map((i) => `label ${i}`);
    const near = Int32Array.from(range(0, 36)).filter((i) => i % 8 > 0);
    const windows = windowTable({
      clipWindows: Int32Array.of(36),
      clipRow: Int32Array.of(2),
      nearWindow: near,
      nearLabel: near.map((i) => (i % 8) - 1),
      nearHeard: new Float32Array(near.length).fill(1),
      nearSinceEnd: new Int32Array(near.length),
    });
    const table = { ...shards.tables[0]!, windows };
    const { outcome } = windows.columns();
    const batches = new Batches({
      tables: [table],
      features: new FeatureStore([table], { maxBytes: 1e9 }),
      labels: names.length,
      embeddings: 3,
      train: smallConfig({ batch: { positives: 3, negatives: 1 } }, { labels: names, embeddings: 3 }).train,
      random: createRandom(3),
    });
    for (const from of [0, 10]) {
      const seen = new Set<number>();
      for (const step of range(from, 3)) {
        const { places, targets } = batches.at(step);
        for (const i of range(0, 3)) {
          const label = targets.subarray(i * 7, (i + 1) * 7).indexOf(1);
          expect(label).toBe(outcome[places[i]!.window]);
          seen.add(label);
        }
      }
      expect(seen.size).toBe(7);
    }
  });
});

describe("divideBatch", () => {
  it("always fills the batch, each part to within one of its share, and exactly over many steps", () => {
    const weight = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(weight, fc.integer({ min: 1, max: 400 }), (weights, size) => {
        const total = weights.reduce((sum, one) => sum + one, 0);
        fc.pre(total > 0.01);
        const sums = weights.map(() => 0);
        for (let step = 0; step < 50; step++) {
          const counts = divideBatch(weights, { size, step });
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(size);
          for (const [i, count] of counts.entries()) {
            expect(Math.abs(count - (size * weights[i]!) / total)).toBeLessThan(1 + 1e-9);
            sums[i]! += count;
          }
        }
        for (const [i, sum] of sums.entries())
          expect(Math.abs(sum / 50 - (size * weights[i]!) / total)).toBeLessThan(0.1);
      }),
    );
  });
});

describe("Batches", () => {
  it("holds positives of every label as evenly as can be, then negatives, with their own features", async () => {
    const { features, targets, places } = batchesOf().at(4);
    expect([...targets]).toEqual([1, 0, 0, 1, 1, 0, 0, 1, 1, 0, ...Array<number>(14).fill(0)]);
    const store = new FeatureStore(shards.tables, { maxBytes: 1e9 });
    for (const [i, { shard, window }] of places.entries()) {
      const table = shards.tables[shard]!;
      expect(table.split).toBe("train");
      expect(table.windows.columns().outcome[window]).toBe(i < 5 ? i % 2 : NEGATIVE);
      const end = (table.windows.rowOf(window) + 1) * 96;
      const rows = store.rows(shard);
      expect(features.subarray(i * 288, (i + 1) * 288)).toEqual(rows.subarray(end - 288, end));
    }
  });

  it("is the same at a step after any others, whether shards are in memory or on disk", async () => {
    const whole = batchesOf();
    for (let step = 0; step < 6; step++) whole.at(step);
    const expected = whole.at(6);
    expect(batchesOf().at(6)).toEqual(expected);
    for (const maxBytes of [0, 1.5 * 2 * 96 * shards.tables[0]!.rows]) {
      const store = new FeatureStore(shards.tables, { maxBytes });
      expect(batchesOf({}, store).at(6)).toEqual(expected);
      store.close();
    }
  });

  it("draws its share of the negatives from the hard ones", async () => {
    const batches = batchesOf({ mining: { everyEpochs: 1, keep: 2, maxWindows: 1000, share: 0.5 } });
    const negatives = batches.at(0).places.slice(5);
    const hard = negatives.slice(0, 2);
    batches.setHard(hard);
    const { places, features } = batches.at(0);
    expect(places).toHaveLength(12);
    expect(places.slice(5, 8)).toEqual(negatives.slice(0, 3));
    expect(hard).toEqual(expect.arrayContaining([...new Set(places.slice(8))]));
    const rows = new FeatureStore(shards.tables, { maxBytes: 1e9 }).rows(places[11]!.shard);
    const end = (shards.tables[places[11]!.shard]!.windows.rowOf(places[11]!.window) + 1) * 96;
    expect(features.subarray(11 * 288)).toEqual(rows.subarray(end - 288, end));
  });

  it("mixes features and targets by the same shares, and keeps what they sum to", async () => {
    const plain = batchesOf().at(2);
    const mixed = batchesOf({ mixup: { probability: 1, alpha: 0.4 } }).at(2);
    const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
    expect(sum(mixed.targets)).toBeCloseTo(sum(plain.targets), 5);
    expect(sum(mixed.features)).toBeCloseTo(sum(plain.features), 2);
    expect(mixed.targets.some((target) => target > 0 && target < 1)).toBe(true);
  });

  it("lays noise on the embeddings in proportion to their spread, alike every time", async () => {
    const plain = batchesOf().at(2);
    const noisy = batchesOf({ noise: 0.5 }).at(2);
    expect(noisy).toEqual(batchesOf({ noise: 0.5 }).at(2));
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
    expect(batchesOf({ noise: 0.5 }).at(3).features).not.toEqual(noisy.features);
  });

  it("shifts all embeddings of a window alike, and each window otherwise", async () => {
    const plain = batchesOf().at(2);
    const shifted = batchesOf({ offset: 0.5 }).at(2);
    expect(shifted).toEqual(batchesOf({ offset: 0.5 }).at(2));
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
