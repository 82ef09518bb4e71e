import { workerData } from "node:worker_threads";

import { CallsignError, type CallsignErrorCode } from "@callsign/infer";

import type { ShardPlan } from "./shard-plan.ts";
import { type ShardFile, type ShardSetup, ShardTask } from "./shard-task.ts";

/** An error's class does not survive the way between threads; its code does. */
export type ShardOutcome =
  | ShardFile
  | { readonly error: { readonly code: CallsignErrorCode; readonly message: string } };

/** Entry point of a worker thread. */
export async function runShard(plan: ShardPlan): Promise<ShardOutcome> {
  try {
    task ??= new ShardTask(setup());
    return await task.run(plan);
  } catch (error) {
    if (error instanceof CallsignError) return { error: { code: error.code, message: error.message } };
    throw error;
  }
}

let task: ShardTask | undefined;

/** tinypool puts its own data first. */
function setup(): ShardSetup {
  const [, data]: [unknown, ShardSetup] = workerData;
  return data;
}
