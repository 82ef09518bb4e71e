import { workWith } from "../workers/worker-task.ts";
import { type LessonSetup, LessonTask } from "./lesson-task.ts";
import type { LessonPlan } from "./make-lessons.ts";

/** Entry point of a worker thread that makes lessons. */
export const work = workWith<Pick<LessonPlan, "split" | "index">, string>((setup) => {
  const task = new LessonTask(setup as LessonSetup);
  return (plan) => task.run(plan);
});
