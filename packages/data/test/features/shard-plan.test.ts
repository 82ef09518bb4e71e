import { type CollectedSet, parseDataConfig } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";

import type { FeatureSettings } from "../../src/features/feature-settings.ts";
import { plannedSeconds, planShards, type ShardPlan } from "../../src/features/shard-plan.ts";

const { data, windowing } = parseDataConfig(
  { labels: [{ label: "go", phrases: ["go home"] }] },
  { name: "x" },
);
const settings: FeatureSettings = {
  seed: "1",
  labels: ["go"],
  phrases: ["go home"],
  afterSeconds: 0.2,
  windowing,
  augmentation: data.augmentation,
  slidingWindows: data.slidingWindows,
  scenes: { seconds: 10, commandShare: 0.5 },
  frontend: "x",
  floor: "chunk",
  embeddingSha256: "0".repeat(64),
  precision: "float16",
};

/** A set of clips of one second, every fifth in validation. */
const setOf = (
  kind: "positive" | "sentence" | "random-words" | "near-miss",
  count: number,
): CollectedSet => ({
  id: kind,
  kind,
  clean: false,
  copies: 1,
  clips: Array.from({ length: count }, (_, i) => ({
    path: `clips/${kind}/${i}.wav`,
    sha256: "0".repeat(64),
    label: kind === "positive" ? "go" : kind,
    text: "",
    speaker: `${i % 50}`,
    source: "toy",
    licence: "CC0-1.0",
    split: i % 5 === 0 ? ("validation" as const) : ("train" as const),
    durationSeconds: 1,
    sampleRateHz: 16_000,
    provenance: {},
  })),
});

const optionsOf = (sets: readonly CollectedSet[]) => ({
  settings,
  sets,
  shardSeconds: 60,
  scenes: 40,
  shares: { train: 0.8, validation: 0.2 },
});

const planOf = (sets: readonly CollectedSet[]): ShardPlan[] => [...planShards(optionsOf(sets))];

describe("planShards", () => {
  const sets = [setOf("positive", 1000), setOf("sentence", 1000), setOf("near-miss", 400)];

  it("draws for each shard three minutes of its split's talk: no clip twice, none preferred, and no near-miss", () => {
    const plans = planOf([...sets, setOf("random-words", 400)]);
    const positives = plans.filter(({ split, kind }) => split === "train" && kind === "positive");
    const drawn = new Map<string, number>();
    for (const { speech } of positives) {
      expect(speech).toHaveLength(180);
      expect(new Set(speech.map(({ path }) => path)).size).toBe(180);
      for (const { path } of speech) drawn.set(path, (drawn.get(path) ?? 0) + 1);
    }
    expect([...drawn.keys()].every((path) => Number(/\d+/.exec(path)![0]) % 5 > 0)).toBe(true);

    const shards = positives.length;
    expect(shards).toBeGreaterThan(20);
    const drawnOf = (kind: string): number =>
      [...drawn].reduce((sum, [path, n]) => sum + (path.includes(kind) ? n : 0), 0);
    expect(drawnOf("near-miss")).toBe(0);
    // Binomial, 180 draws a shard at 320/1120: 0.286, standard deviation below 0.008.
    expect(Math.abs(drawnOf("random-words") / (180 * shards) - 320 / 1120)).toBeLessThan(0.03);
  });

  it("has near-misses of validation in shards of their own, and scenes without them", () => {
    const validation = planOf(sets).filter(({ split }) => split === "validation");
    const own = validation.filter(({ kind }) => kind === "near-miss");
    expect(own.flatMap(({ items }) => items)).toHaveLength(80);
    const scenes = validation.filter(({ kind }) => kind === "scene");
    expect(scenes.flatMap(({ items }) => items)).toHaveLength(8);
    for (const { speech } of scenes)
      expect(speech.every(({ path }) => path.startsWith("clips/sentence/"))).toBe(true);
  });

  it("knows the length of all shards before it plans them, and every copy is in one shard", () => {
    const copied = sets.map((set) => ({ ...set, copies: 3, clean: true }));
    const plans = planOf(copied);
    const planned = plans.reduce((sum, { seconds }) => sum + seconds, 0);
    expect(plannedSeconds(optionsOf(copied))).toBeCloseTo(planned, 6);
    const items = plans.flatMap((plan) =>
      plan.items.flatMap((item) => ("clips" in item ? [`${item.clips[0]!.path} ${item.copy}`] : [])),
    );
    expect(items).toHaveLength(4 * 2400);
    expect(new Set(items).size).toBe(items.length);
  });

  it("has the same hash for clips that were just made and for those read from a journal, whose keys are sorted", () => {
    const [set] = sets;
    const hashesOf = (provenance: Record<string, number>) =>
      planOf([{ ...set!, clips: set!.clips.map((clip) => ({ ...clip, provenance })) }]).map(
        ({ inputsSha256 }) => inputsSha256,
      );
    const made = hashesOf({ startSample: 5, endSample: 9, pitch: 1 });
    expect(hashesOf({ endSample: 9, pitch: 2, startSample: 5 })).toEqual(made);
    expect(hashesOf({ endSample: 9, startSample: 4 })).not.toEqual(made);
  });
});
