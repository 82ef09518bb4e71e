import type { DataConfig } from "../../config/config.ts";
import { workWith } from "../../workers/worker-task.ts";
import { drawNegatives, type SpokenSet } from "./texts.ts";

/** Entry point of the thread that draws texts: what it holds for that, half a gigabyte, ends with it. */
export const work = workWith<DataConfig, SpokenSet[]>(() => drawNegatives);
