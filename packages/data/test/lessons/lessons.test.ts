import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool, decodeLessonShard, lessonConfigSchema } from "@callsign/data/internal";
import { createFrontend, EMBEDDING, LOG_MEL } from "@callsign/infer/internal";
import { CALLSIGN_EMBEDDING, createNodeSession, resolveAsset } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-lessons-"));
});
afterAll(() => rm(folder, { recursive: true }));

const config = lessonConfigSchema.parse({
  perShard: 3,
  utterances: 3,
  seconds: 3,
  engines: [{ kind: "flite" }],
});

async function setup(name: string, seed = "1") {
  const teacherPath = await resolveAsset(CALLSIGN_EMBEDDING, { env: {} });
  return { out: join(folder, name), seed, config, teacherPath, key: `key ${seed}` };
}

describe("lessons", () => {
  it("are the teacher's answers to their log-mels, the same on every making, and kept", async () => {
    const first = createPool("lessons", { setup: await setup("first"), workers: 0 });
    const path = await first.run({ split: "train", index: 0 });
    const bytes = await readFile(path);
    const shard = decodeLessonShard(bytes, { name: path, key: "key 1" })!;
    expect(shard).toMatchObject({ lessons: 3, steps: 28 });
    expect(shard.frames).toBe(EMBEDDING.windowFrames + 27 * EMBEDDING.strideFrames);

    const { teacherPath } = await setup("first");
    const frontend = await createFrontend({
      createSession: createNodeSession(),
      embedding: new Uint8Array(await readFile(teacherPath)),
      floor: "window",
    });
    for (let lesson = 0; lesson < shard.lessons; lesson++) {
      const length = shard.frames * LOG_MEL.melBins;
      const data = shard.logMels.slice(lesson * length, (lesson + 1) * length);
      const answer = await frontend.embed({ data, rows: shard.frames, columns: LOG_MEL.melBins });
      const width = shard.steps * EMBEDDING.dimension;
      expect(shard.embeddings.subarray(lesson * width, (lesson + 1) * width)).toBeAllClose(answer.data, {
        atol: 1e-5,
      });
    }
    await frontend.dispose();

    expect(await first.run({ split: "train", index: 0 })).toBe(path);
    await first.dispose();
    const second = createPool("lessons", { setup: await setup("second"), workers: 1 });
    expect(await readFile(await second.run({ split: "train", index: 0 }))).toEqual(bytes);
    await second.dispose();
  });

  it("are made again where the file is of another config", async () => {
    const path = join(folder, "first", "train-00000.safetensors");
    expect(decodeLessonShard(await readFile(path), { name: path, key: "another" })).toBeUndefined();
  });
});
