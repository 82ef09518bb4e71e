// Entry of a worker thread run from the TypeScript sources (tests, scripts): Node 20 cannot read them, nor load tsx into a
// thread by a flag, so the thread registers it first. The built package starts lesson-worker.js itself.
import { register } from "tsx/esm/api";

register();
export const { runLessons } = await import("./lesson-worker.ts");
