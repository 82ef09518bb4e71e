import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/infer";
import { sha256Hex, writeFileAtomic } from "@callsign/infer/node";

/** Files of a build, relative to its folder. */
export const BUILD_FILES = {
  plan: "plan.json",
  texts: "texts.json",
  manifest: "manifest.jsonl",
  index: "index.json",
  sources: "SOURCES.md",
} as const;

/** JSON with keys in one order, so that equal values have equal bytes. */
function stableJson(value: unknown, space?: number): string {
  return JSON.stringify(
    value,
    (_key, inner: unknown) => (isPlainObject(inner) ? sortKeys(inner) : inner),
    space,
  );
}

/** sha256 of a value's `stableJson`. */
export const sha256Of = (value: unknown): string => sha256Hex(stableJson(value));

/** The value in a JSON file; undefined where the file is missing or, after a disaster, no JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Writes `stableJson`, whole or not at all. @throws CallsignError `FILE_WRITE_FAILED` */
export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFileAtomic(path, `${stableJson(value, 1)}\n`);

/**
 * Readies a folder for a build, or for continuing one: what killed writers left behind is removed. A folder with other
 * files in it is refused, since a build removes what it does not know from its `clips`, `shards` and `state`. A build
 * whose plan.json is damaged or gone is recognized by its other files.
 * @throws CallsignError `INVALID_ARGUMENT`
 */
export async function openBuildFolder(
  out: string,
  { onNote }: { readonly onNote?: ((note: string) => void) | undefined } = {},
): Promise<void> {
  await checkBuildFolder(out);
  const found = await listFiles(out);
  if (found.length > 0 && !isBuildPlan(await readJson(join(out, BUILD_FILES.plan))))
    onNote?.(`${join(out, BUILD_FILES.plan)} was missing or damaged; it is written again`);
  for (const path of found) {
    if (TEMPORARY.test(path)) await rm(join(out, path), { force: true });
    else if (RECORD.test(path) && (await isDamaged(join(out, path))))
      onNote?.(`${join(out, path)} was damaged; what it recorded is made again`);
  }
}

/** Whether a value read from plan.json is what a build writes there. */
export const isBuildPlan = (value: unknown): value is { readonly config: Record<string, unknown> } =>
  isPlainObject(value) && value["tool"] === "callsign" && isPlainObject(value["config"]);

/** Refuses a folder that is neither empty nor a build. @throws CallsignError `INVALID_ARGUMENT` */
export async function checkBuildFolder(out: string): Promise<void> {
  const found = (await readdir(out).catch(() => [])).filter((name) => !TEMPORARY.test(name));
  if (found.length === 0 || isBuildPlan(await readJson(join(out, BUILD_FILES.plan)))) return;
  const others = found.filter((name) => !BUILD_NAMES.has(name));
  // Without a readable plan, clips and shards are a build's only where its own records lie beside them.
  const isBuild = found.some((name) => name === BUILD_FILES.texts || name === "state");
  const isNew = found.every((name) => name === BUILD_FILES.plan);
  if (others.length === 0 && (isBuild || isNew)) return;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `${out}: expected an empty folder or an earlier build, got a folder with ` +
      `${(others.length > 0 ? others : found).slice(0, 3).join(", ")} and no ${BUILD_FILES.plan} of a build; ` +
      "name another folder (--out)",
  );
}

/** A file that is there and is no JSON. */
async function isDamaged(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** Files that say what is done: what they no longer say is done again. */
const RECORD = /^(?:state\/.*|texts|index)\.json$/;

/** Everything a build makes in its folder. */
const BUILD_NAMES = new Set<string>([...Object.values(BUILD_FILES), "clips", "shards", "state"]);

/** As `writeFileAtomic` of infer names them. */
const TEMPORARY = /(?:^|\/)\.[0-9a-f]{18}\.tmp$/;

/** Removes the files of a folder of the build that are not among `wanted` (relative to the build). */
export async function removeOthers(
  out: string,
  { folder, wanted }: { readonly folder: string; readonly wanted: ReadonlySet<string> },
): Promise<void> {
  for (const path of await listFiles(join(out, folder))) {
    const relative = `${folder}/${path}`;
    if (!wanted.has(relative)) await rm(join(out, relative), { force: true });
  }
}

/** Files in a folder and those below, with forward slashes; none where it does not exist. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    );
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const sortKeys = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
