import { workerData } from "node:worker_threads";

import { CallsignError, type CallsignErrorCode } from "@callsign/infer";

import { type LessonSetup, LessonTask } from "./lesson-task.ts";
import type { LessonPlan } from "./make-lessons.ts";

/** An error's class does not survive the way between threads; its code does. */
export type LessonOutcome =
  | string
  | { readonly error: { readonly code: CallsignErrorCode; readonly message: string } };

/** Entry point of a worker thread. */
export async function runLessons(plan: Pick<LessonPlan, "split" | "index">): Promise<LessonOutcome> {
  try {
    task ??= new LessonTask(setup());
    return await task.run(plan);
  } catch (error) {
    if (error instanceof CallsignError) return { error: { code: error.code, message: error.message } };
    throw error;
  }
}

let task: LessonTask | undefined;

/** tinypool puts its own data first. */
function setup(): LessonSetup {
  const [, data]: [unknown, LessonSetup] = workerData;
  return data;
}
