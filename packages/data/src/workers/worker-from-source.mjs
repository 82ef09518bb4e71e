// Entry of worker threads when Callsign runs from its TypeScript sources (tests, scripts). Node 20 cannot read TypeScript, and
// tsx cannot be loaded into a thread by a flag, so it is registered here. The built package starts `worker.js` itself.
import { register } from "tsx/esm/api";

register();
export const { work } = await import("./worker.ts");
