import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { createFrontend } from "@callsign/infer/internal";
import { createNodeSession, writeFileAtomic } from "@callsign/infer/node/internal";

import type { NamedSamples } from "../augment/augment-step.ts";
import { createRandom } from "../random.ts";
import { createSpeechEngines } from "../voices/create-engines.ts";
import type { LessonConfig } from "./lesson-config.ts";
import { claimFile } from "./claim-file.ts";
import { openLessonRecordings } from "./lesson-recordings.ts";
import { encodeLessonShard, openLessonFile } from "./lesson-shard.ts";
import { recordingsOfSplit } from "./lesson-split.ts";
import { type LessonMaker, type LessonPlan, makeLessons } from "./make-lessons.ts";

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
      const isThere = async (): Promise<boolean> => (await openLessonFile(path, { key })) !== undefined;
      if (await isThere()) return path;
      const claim = await claimFile(path, { unless: isThere });
      if (claim === undefined) return path;
      opened ??= openMaker(setup);
      try {
        const maker = await opened;
        const people = maker.people.map((folder) => ({
          ...folder,
          segments: recordingsOfSplit(folder.segments, { split, seed }),
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

async function openMaker({ config, teacherPath, seed, out }: LessonSetup): Promise<LessonMaker> {
  const embedding = new Uint8Array(await readFile(teacherPath));
  const createSession = createNodeSession();
  const { dictionary } = await import("cmu-pronouncing-dictionary");
  const people: LessonMaker["people"][number][] = [];
  for (const folder of config.people) people.push(await openPeople(folder, { seed, out }));
  const noises: NamedSamples[] = [];
  for (const { path } of config.noise) noises.push(...(await readNoises(path, { out })));
  return {
    engines: await createSpeechEngines(config.engines),
    words: Object.keys(dictionary).filter((word) => /^[a-z]{2,}$/.test(word)),
    noises,
    people,
    frontends: {
      window: await createFrontend({ createSession, embedding, floor: "window" }),
      chunk: await createFrontend({ createSession, embedding, floor: "chunk" }),
    },
  };
}

async function readNoises(folder: string, { out }: { readonly out: string }): Promise<NamedSamples[]> {
  const recordings = await openLessonRecordings(folder, { out });
  const noises: NamedSamples[] = [];
  for (const segment of recordings.segments)
    noises.push({ name: segment.path, samples: await recordings.read(segment) });
  return noises;
}

async function openPeople(
  { path, contents, share, weight }: LessonConfig["people"][number],
  { seed, out }: { readonly seed: string; readonly out: string },
): Promise<LessonMaker["people"][number]> {
  const recordings = await openLessonRecordings(path, { out, contents });
  const segments = recordings.segments.filter((segment) => isUsed(segment.path, { share, seed }));
  return { weight, recordings, segments };
}

/** Whether a recording is in the share that is used, drawn by its name. */
const isUsed = (name: string, { share, seed }: { share: number; seed: string }): boolean =>
  createRandom(`lessons/${seed}/${name}`).next() < share;
