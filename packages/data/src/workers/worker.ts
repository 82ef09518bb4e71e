import { workerData } from "node:worker_threads";

import { CallsignError, type CallsignErrorCode } from "@callsign/audio/internal";

import { openTask, type OpenTask, type TaskName, type Tasks } from "./tasks.ts";

/** Plain data that a thread is started with. */
export interface WorkerStart {
  readonly task: TaskName;
  readonly setup: Tasks[TaskName]["setup"];
}

/** Result of one task. Errors lose their class between threads, so code and message are sent. */
export type WorkOutcome<Output> =
  | { readonly output: Output }
  | { readonly error: { readonly code: CallsignErrorCode; readonly message: string } };

let opened: Promise<OpenTask> | undefined;

/** Entry point of every worker thread. */
export async function work(input: Tasks[TaskName]["input"]): Promise<WorkOutcome<unknown>> {
  try {
    opened ??= open();
    const task = await opened;
    return { output: await task.run(input) };
  } catch (error) {
    if (error instanceof CallsignError) return { error: { code: error.code, message: error.message } };
    throw error;
  }
}

function open(): Promise<OpenTask> {
  // tinypool puts its own data first.
  const [, { task, setup }] = workerData as [unknown, WorkerStart];
  return openTask(task, setup as never);
}
