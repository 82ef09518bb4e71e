import type { DataConfig } from "../config/config.ts";
import type { DrawnTexts } from "../build/stages/draw-texts.ts";
import type { ShardFile, ShardSetup } from "../features/write-shard.ts";
import type { ShardPlan } from "../features/shard-plan.ts";
import type { DecodedRecording, RecordingInput } from "../sources/files/decode-recording.ts";
import type { LessonPlan } from "../lessons/make-lessons.ts";
import type { LessonSetup } from "../lessons/write-lessons.ts";
import type { Attempt } from "../voices/make-clip.ts";
import type { AttemptInput, AttemptSetup } from "../voices/open-attempts.ts";

/** Work that a pool can do. All three types are plain data, since they travel between threads. */
export interface Tasks {
  texts: { setup: undefined; input: DataConfig; output: DrawnTexts };
  synthesis: { setup: AttemptSetup; input: AttemptInput; output: Attempt };
  features: { setup: ShardSetup; input: ShardPlan; output: ShardFile };
  recordings: { setup: undefined; input: RecordingInput; output: DecodedRecording };
  lessons: { setup: LessonSetup; input: Pick<LessonPlan, "split" | "index">; output: string };
}

export type TaskName = keyof Tasks;

/** A task with its engines, models and files open. */
export interface OpenTask<Name extends TaskName = TaskName> {
  run(input: Tasks[Name]["input"]): Promise<Tasks[Name]["output"]>;
  dispose?(): Promise<void>;
}

/** The function that opens each task, in a module that is loaded when the task is. */
const OPEN: {
  readonly [Name in TaskName]: () => Promise<(setup: Tasks[Name]["setup"]) => OpenTask<Name>>;
} = {
  texts: async () => (await import("../build/stages/draw-texts.ts")).openTexts,
  synthesis: async () => (await import("../voices/open-attempts.ts")).openAttempts,
  features: async () => (await import("../features/write-shard.ts")).openShardWriter,
  recordings: async () => (await import("../sources/files/decode-recording.ts")).openRecordings,
  lessons: async () => (await import("../lessons/write-lessons.ts")).openLessonWriter,
};

/** Opens a task in this thread. */
export async function openTask<Name extends TaskName>(
  name: Name,
  setup: Tasks[Name]["setup"],
): Promise<OpenTask<Name>> {
  const open = await OPEN[name]();
  return open(setup);
}
