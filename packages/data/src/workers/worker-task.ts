import { workerData } from "node:worker_threads";

import { CallsignError, type CallsignErrorCode } from "@callsign/audio/internal";

/** What comes back from a thread: an error's class does not survive the way, its code does. */
export type WorkOutcome<Result> =
  | { readonly result: Result }
  | { readonly error: { readonly code: CallsignErrorCode; readonly message: string } };

/**
 * The `work` that a worker's module exports. `open` is called once, at the first task, with what the pool was given for
 * its threads; what it makes does the tasks.
 */
export function workWith<Task, Result>(
  open: (data: unknown) => (task: Task) => Promise<Result>,
): (task: Task) => Promise<WorkOutcome<Result>> {
  let perform: ((task: Task) => Promise<Result>) | undefined;
  return async (task) => {
    try {
      perform ??= open(threadData());
      return { result: await perform(task) };
    } catch (error) {
      if (error instanceof CallsignError) return { error: { code: error.code, message: error.message } };
      throw error;
    }
  };
}

/** tinypool puts its own data first. */
function threadData(): unknown {
  const [, { data }]: [unknown, { data: unknown }] = workerData;
  return data;
}
