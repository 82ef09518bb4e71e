// Entry of every worker thread run from the TypeScript sources (tests, scripts): Node 20 cannot read them, nor load tsx into
// a thread by a flag, so the thread registers it first. The built package starts its workers' modules themselves.
import { workerData } from "node:worker_threads";

import { register } from "tsx/esm/api";

register();
const [, { module }] = workerData;
export const { work } = await import(module);
