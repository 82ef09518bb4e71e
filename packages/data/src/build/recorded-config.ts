import { join } from "node:path";

import type { DataConfig } from "../config.ts";
import { BUILD_FILES, isBuildPlan, readJson } from "./build-folder.ts";

/** The part of a config that decides a build's files, as plan.json records it. */
export function recordedConfig(config: DataConfig): Record<string, unknown> {
  const { train: _train, evaluation: _evaluation, ...own } = config;
  const { workers: _workers, ...data } = own.data;
  return { ...own, data };
}

/** The config that the build in a folder was last made from; undefined where there is none, or its plan.json is damaged. */
export async function readRecordedConfig(out: string): Promise<Record<string, unknown> | undefined> {
  const plan = await readJson(join(out, BUILD_FILES.plan));
  return isBuildPlan(plan) ? plan.config : undefined;
}
