import { pathToFileURL } from "node:url";

/**
 * Address of the running file: a module of this package, or the bundle that includes it. Bundles of CommonJS have no
 * `import.meta.url`, but a `__filename`.
 */
export const MODULE_URL: string =
  import.meta.url ||
  pathToFileURL(typeof __filename === "undefined" ? (process.argv[1] ?? "") : __filename).href;
