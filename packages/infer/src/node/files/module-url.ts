import { pathToFileURL } from "node:url";

/** URL of the running file: this module, or the bundle that includes it. CommonJS bundles have `__filename` only. */
export const MODULE_URL: string =
  import.meta.url ||
  pathToFileURL(typeof __filename === "undefined" ? (process.argv[1] ?? "") : __filename).href;
