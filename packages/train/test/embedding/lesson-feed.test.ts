import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, encodeLessonShard, type LessonFile, openLessonFile } from "@callsign/data/internal";
import { EMBEDDING, LOG_MEL } from "@callsign/infer/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.ts";
import { loadBackend } from "../../src/backends/load-backend.ts";
import type { EmbeddingCheckpoint } from "../../src/embedding/embedding-checkpoint.ts";
import { type EmbeddingConfig, parseEmbeddingConfig } from "../../src/embedding/embedding-config.ts";
import { drawStretches } from "../../src/embedding/draw-stretches.ts";
import { drawLessons, filesInUse, teacherScale } from "../../src/embedding/lesson-feed.ts";
import { trainEmbedding } from "../../src/embedding/train-embedding.ts";

const STEPS = 6;
const FRAMES = EMBEDDING.windowFrames + (STEPS - 1) * EMBEDDING.strideFrames;

let folder: string;
let backend: Backend;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-feed-"));
  ({ backend } = await loadBackend("wasm"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file of two lessons whose log-mels count frames and whose embeddings count steps, from `first` on. */
async function counting(name: string, first: number): Promise<LessonFile> {
  const rows = (count: number, width: number) =>
    Float32Array.from({ length: 2 * count * width }, (_, i) => first + Math.floor(i / width));
  const shard = {
    lessons: 2,
    frames: FRAMES,
    logMels: rows(FRAMES, LOG_MEL.melBins),
    steps: STEPS,
    embeddings: rows(STEPS, EMBEDDING.dimension),
    words: [
      { lesson: 0, first: 1, end: 3, id: 7 },
      { lesson: 1, first: 4, end: 5, id: 7 },
      { lesson: 1, first: 0, end: 2, id: 8 },
    ],
  };
  const path = join(folder, `${name}.safetensors`);
  await writeFile(path, encodeLessonShard(shard, { key: "key" }));
  return (await openLessonFile(path, { key: "key" }))!;
}

describe("drawLessons", () => {
  it("draws stretches whose embeddings are those of their frames, in all places", async () => {
    const file = await counting("counting", 0);
    const dimension = EMBEDDING.dimension;
    const scale = { mean: new Float32Array(dimension), deviation: new Float32Array(dimension).fill(2) };
    const batch = drawLessons(backend.tf, [file], {
      random: createRandom(1),
      batch: 60,
      embeddings: 4,
      scale,
    });
    expect(batch.logMels.shape).toEqual([60, EMBEDDING.windowFrames + 3 * EMBEDDING.strideFrames, 32]);
    const frames = await batch.logMels.array();
    const targets = await batch.targets.array();
    const places = new Set<number>();
    for (const [i, stretch] of frames.entries()) {
      const frame = stretch[0]![0]!;
      const lesson = Math.floor(frame / FRAMES);
      const step = lesson * STEPS + (frame - lesson * FRAMES) / EMBEDDING.strideFrames;
      expect(targets.slice(4 * i, 4 * i + 4).map((row) => 2 * row[0]!)).toEqual(
        [0, 1, 2, 3].map((j) => step + j),
      );
      places.add(step);
    }
    expect([...places].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 6, 7, 8]);
  });
});

describe("drawStretches", () => {
  it("draws half of the stretches in pairs with the same word, said twice in the file, anywhere in them", async () => {
    const file = await counting("words", 0);
    const drawn = drawStretches([file], { random: createRandom(1), batch: 80, embeddings: 4, paired: true });
    expect(drawn).toHaveLength(80);
    expect(drawn.slice(40).every(({ word }) => word === undefined)).toBe(true);
    const places = new Set<string>();
    for (let i = 0; i < 40; i += 2) {
      const pair = drawn.slice(i, i + 2);
      expect(pair.map(({ word }) => word!.id)).toEqual([7, 7]);
      expect(new Set(pair.map(({ lesson }) => lesson)).size).toBe(2);
      for (const { lesson, step, word } of pair) {
        expect(lesson).toBe(word!.lesson);
        expect(step).toBeLessThanOrEqual(word!.first);
        expect(step + 4).toBeGreaterThanOrEqual(word!.end);
        places.add(`${lesson} ${step}`);
      }
    }
    expect([...places].toSorted()).toEqual(["0 0", "0 1", "1 1", "1 2"]);
    const unpaired = drawStretches([file], {
      random: createRandom(1),
      batch: 8,
      embeddings: 4,
      paired: false,
    });
    expect(unpaired.every(({ word }) => word === undefined)).toBe(true);
  });
});

describe("teacherScale", () => {
  it("is mean and standard deviation over all embeddings", async () => {
    const { mean, deviation } = teacherScale([await counting("scale", 0)]);
    // 0 to 11.
    expect(mean).toBeAllClose(new Float32Array(EMBEDDING.dimension).fill(5.5));
    expect(deviation).toBeAllClose(new Float32Array(EMBEDDING.dimension).fill(Math.sqrt(143 / 12)));
  });
});

describe("filesInUse", () => {
  it("grows from the first file to all at the share of the steps", () => {
    const at = (step: number): number => filesInUse(step, { steps: 100, arrival: 0.5, total: 20 });
    expect([0, 24, 49, 99].map(at)).toEqual([1, 10, 20, 20]);
    expect(filesInUse(0, { steps: 100, arrival: 0, total: 20 })).toBe(20);
  });
});

describe("trainEmbedding", () => {
  it("continues from a checkpoint as if it had not stopped", async () => {
    const config = parseEmbeddingConfig(
      {
        layers: [
          { outputs: 2, kernel: [6, 5], stride: [2, 2], padding: 2 },
          { outputs: 3, kernel: [3, 3], stride: [1, 2], padding: 1 },
          { outputs: 3, kernel: [4, 3], stride: [2, 1], padding: 1 },
          { outputs: 3, kernel: [3, 3], stride: [1, 2], padding: 1 },
          { outputs: 3, kernel: [4, 3], stride: [2, 2], padding: 1 },
          { outputs: 4, kernel: [3, 2] },
          { outputs: 4, kernel: [3, 1] },
          { outputs: EMBEDDING.dimension, kernel: [2, 1] },
        ],
        lessons: { hours: 0.5, validationHours: 0.1 },
        train: {
          steps: 6,
          batch: 3,
          embeddings: 4,
          validateEvery: 3,
          saveEvery: 3,
          arrival: 0.8,
          wordWeight: 0.1,
        },
      },
      { name: "test" },
    );
    const whole = await train(config);
    expect(whole.saved.map(({ step }) => step)).toEqual([3, 6]);
    const resumed = await train(config, whole.saved[0]);
    expect(resumed.saved).toEqual([whole.saved[1]]);
    expect(resumed.trained).toEqual(whole.trained);
  });
});

async function train(config: EmbeddingConfig, from?: EmbeddingCheckpoint) {
  const saved: EmbeddingCheckpoint[] = [];
  const training = trainEmbedding(config, {
    backend,
    from,
    lessons: (split, index) => counting(`${split}-${index}`, split === "train" ? index : 7),
    save: (checkpoint) => Promise.resolve(void saved.push(checkpoint)),
  });
  for (;;) {
    const { done, value } = await training.next();
    if (done) return { saved, trained: value };
  }
}
