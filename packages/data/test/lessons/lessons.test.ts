import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AugmentConfigInput,
  createPool,
  lessonConfigSchema,
  onlyAugment,
  openLessonFile,
  readStretch,
} from "@callsign/data/internal";
import { createFrontend, EMBEDDING, LOG_MEL } from "@callsign/infer/internal";
import { CALLSIGN_EMBEDDING, createNodeSession, resolveAsset } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder: string;
let teacherPath: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-lessons-"));
  teacherPath = await resolveAsset(CALLSIGN_EMBEDDING, { env: {} });
});
afterAll(() => rm(folder, { recursive: true }));

interface Making {
  readonly teacherHears: "clean" | "same";
  readonly augmentation?: AugmentConfigInput;
  readonly workers?: number;
}

const NOISY: AugmentConfigInput = {
  colouredNoise: { probability: 1, levelDbfs: [-40, -40] },
  room: { probability: 1 },
};
let folders = 0;

/** Makes a file of lessons in a folder of its own. */
async function make({ teacherHears, augmentation, workers = 0 }: Making) {
  const config = lessonConfigSchema.parse({
    perShard: 3,
    utterances: 3,
    seconds: 3,
    engines: [{ kind: "flite" }],
    teacherHears,
    ...(augmentation && { augmentation: onlyAugment(augmentation) }),
  });
  const out = join(folder, String(folders++));
  const pool = createPool("lessons", { setup: { out, seed: "1", config, teacherPath, key: "key" }, workers });
  const path = await pool.run({ split: "train", index: 0 });
  expect(await pool.run({ split: "train", index: 0 })).toBe(path);
  await pool.dispose();
  const file = (await openLessonFile(path, { key: "key" }))!;
  const lessons = [0, 1, 2].map((lesson) => readStretch(file, { lesson, step: 0, embeddings: file.steps }));
  return { path, file, lessons };
}

describe("lessons", () => {
  it("are the teacher's answers to their log-mels, the same on every making", async () => {
    const { path, file, lessons } = await make({ teacherHears: "same" });
    expect(file).toMatchObject({ lessons: 3, steps: 28 });
    expect(file.frames).toBe(EMBEDDING.windowFrames + 27 * EMBEDDING.strideFrames);
    const frontend = await createFrontend({
      createSession: createNodeSession(),
      embedding: new Uint8Array(await readFile(teacherPath)),
      floor: "window",
    });
    for (const { logMels: data, embeddings } of lessons) {
      const answer = await frontend.embed({ data, rows: file.frames, columns: LOG_MEL.melBins });
      // Log-mels are rounded to float16.
      expect(cosine(embeddings, answer.data)).toBeGreaterThan(0.9999);
    }
    await frontend.dispose();
    const again = await make({ teacherHears: "same", workers: 1 });
    expect(await readFile(again.path)).toEqual(await readFile(path));
  });

  it("have the teacher hear what was spoken, and the student what was recorded", async () => {
    const spoken = await make({ teacherHears: "clean", augmentation: {} });
    const same = await make({ teacherHears: "same", augmentation: {} });
    expect(spoken.lessons).toEqual(same.lessons);

    const recorded = await make({ teacherHears: "clean", augmentation: NOISY });
    const heardNoise = await make({ teacherHears: "same", augmentation: NOISY });
    for (const [i, { logMels, embeddings }] of recorded.lessons.entries()) {
      expect(embeddings).toEqual(spoken.lessons[i]!.embeddings);
      expect(logMels).toEqual(heardNoise.lessons[i]!.logMels);
      expect(meanDifference(logMels, spoken.lessons[i]!.logMels)).toBeGreaterThan(0.1);
      expect(meanDifference(embeddings, heardNoise.lessons[i]!.embeddings)).toBeGreaterThan(0.1);
    }
  });

  it("are read in parts", async () => {
    const { file, lessons } = await make({ teacherHears: "same", augmentation: {} });
    const { logMels, embeddings } = readStretch(file, { lesson: 1, step: 5, embeddings: 2 });
    const frame = 5 * EMBEDDING.strideFrames * LOG_MEL.melBins;
    const length = (EMBEDDING.windowFrames + EMBEDDING.strideFrames) * LOG_MEL.melBins;
    expect(logMels).toEqual(lessons[1]!.logMels.slice(frame, frame + length));
    const { dimension } = EMBEDDING;
    expect(embeddings).toEqual(lessons[1]!.embeddings.slice(5 * dimension, 7 * dimension));
  });

  it("are made again where the file is of another config", async () => {
    const { path } = await make({ teacherHears: "same", augmentation: {} });
    expect(await openLessonFile(path, { key: "another" })).toBeUndefined();
  });
});

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const meanDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
