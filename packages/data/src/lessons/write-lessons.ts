import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { createFrontend } from "@callsign/infer/internal";
import { readMagnitudes } from "@callsign/audio/node/internal";
import { createNodeSession, writeFileAtomic } from "@callsign/infer/node/internal";

import type { NamedSamples } from "../augment/augment-step.ts";
import { createRandom } from "../random.ts";
import { findAudioFiles } from "../sources/files/find-audio-files.ts";
import { createSpeechEngines } from "../voices/create-engines.ts";
import type { LessonConfig } from "./lesson-config.ts";
import { claimFile } from "./claim-file.ts";
import { decodeLessonShard, encodeLessonShard } from "./lesson-shard.ts";
import { type LessonMaker, type LessonPlan, makeLessons, pathsOf } from "./make-lessons.ts";

/** Settings that all shards of lessons share. */
export interface LessonSetup {
  readonly out: string;
  readonly seed: string;
  readonly config: LessonConfig;
  readonly teacherPath: string;
  /** Hash of config, seed and teacher. */
  readonly key: string;
}

/** The task `lessons`: makes shards of lessons and writes those that are missing. */
export function openLessonWriter(setup: LessonSetup) {
  const { out, seed, config, key } = setup;
  let opened: Promise<LessonMaker> | undefined;
  return {
    /** @returns path of the shard's file */
    async run({ split, index }: Pick<LessonPlan, "split" | "index">): Promise<string> {
      const path = join(out, `${split}-${String(index).padStart(5, "0")}.safetensors`);
      const isThere = async (): Promise<boolean> =>
        existsSync(path) && decodeLessonShard(await readFile(path), { name: path, key }) !== undefined;
      if (await isThere()) return path;
      const claim = await claimFile(path, { unless: isThere });
      if (claim === undefined) return path;
      opened ??= openMaker(setup);
      try {
        const maker = await opened;
        const people = maker.people.map((folder) => ({
          ...folder,
          paths: pathsOf(split, { paths: folder.paths, seed }),
        }));
        const shard = await makeLessons({ split, index, seed, config }, { ...maker, people });
        await writeFileAtomic(path, encodeLessonShard(shard, { key }));
        return path;
      } finally {
        await claim.release();
      }
    },
    async dispose(): Promise<void> {
      const maker = await opened?.catch(() => undefined);
      if (maker === undefined) return;
      await Promise.all([
        ...Object.values(maker.frontends).map((frontend) => frontend.dispose()),
        ...maker.engines.map(({ engine }) => engine.dispose()),
      ]);
    },
  };
}

async function openMaker({ config, teacherPath, seed }: LessonSetup): Promise<LessonMaker> {
  const embedding = new Uint8Array(await readFile(teacherPath));
  const createSession = createNodeSession();
  const { dictionary } = await import("cmu-pronouncing-dictionary");
  return {
    engines: await createSpeechEngines(config.engines),
    words: Object.keys(dictionary).filter((word) => /^[a-z]{2,}$/.test(word)),
    noises: (await Promise.all(config.noise.map(({ path }) => readNoises(path)))).flat(),
    people: await Promise.all(config.people.map((folder) => listPeople(folder, seed))),
    frontends: {
      window: await createFrontend({ createSession, embedding, floor: "window" }),
      chunk: await createFrontend({ createSession, embedding, floor: "chunk" }),
    },
  };
}

async function readNoises(folder: string): Promise<NamedSamples[]> {
  const noises: NamedSamples[] = [];
  for (const { path, relativePath } of await findAudioFiles(folder)) {
    const samples = await readMagnitudes(path, { sampleRateHz: 16_000 });
    if (samples.some((value) => value !== 0)) noises.push({ name: relativePath, samples });
  }
  return noises;
}

async function listPeople({ path, share, weight }: LessonConfig["people"][number], seed: string) {
  const files = await findAudioFiles(path);
  const used = files.filter(({ relativePath }) => isUsed(relativePath, { share, seed }));
  return { weight, paths: used.map((file) => file.path) };
}

/** Whether a recording is in the share that is used, drawn by its name. */
const isUsed = (name: string, { share, seed }: { share: number; seed: string }): boolean =>
  createRandom(`lessons/${seed}/${name}`).next() < share;
