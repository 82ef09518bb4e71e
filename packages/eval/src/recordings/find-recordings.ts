import { resolve } from "node:path";
import { findAudioFiles } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";

/** Audio file of an evaluation, not read yet. */
export interface Recording {
  readonly path: string;
  /** Unique among those found together: the folder's name, preceded by parents if needed, and the path within it. */
  readonly name: string;
  /** Folder it was found in, as given, with the first subfolder if there are several. */
  readonly source: string;
  /** Speaker according to the file name; undefined if the name does not contain one. */
  readonly speaker: string | undefined;
}

export interface FindRecordingsOptions {
  /** All folders among which names must be unique. Default: the given ones. */
  readonly among?: readonly string[];
  /** Excludes recordings whose name matches. */
  readonly exclude?: RegExp;
  /** Pattern with a group named `speaker`, matched against the path within the folder. Default: names of a few known corpora. */
  readonly speakerPattern?: RegExp;
}

/**
 * All recordings in the given folders, ordered by folder and by path within it.
 * @throws CallsignError `FILE_NOT_FOUND`, `CORPUS_EMPTY` (also if all are excluded), `INVALID_ARGUMENT` for a file found twice
 */
export async function findRecordings(
  folders: readonly string[],
  { exclude, speakerPattern, among = folders }: FindRecordingsOptions = {},
): Promise<Recording[]> {
  const found: Recording[] = [];
  for (const folder of folders) {
    const label = folderName(folder, among);
    for (const { path, relativePath } of await findAudioFiles(folder)) {
      const name = `${label}/${relativePath}`;
      if (exclude?.test(name)) continue;
      const inner = relativePath.includes("/") ? `/${relativePath.split("/", 1)[0]}` : "";
      const speaker = speakerOf(relativePath, speakerPattern);
      found.push({ path, name, source: `${label}${inner}`, speaker });
    }
  }
  refuseTwice(found);
  if (found.length === 0)
    throw new CallsignError(
      "CORPUS_EMPTY",
      `${folders.join(", ")}: no recording is left of these folders; the pattern ${String(exclude)} leaves out all of them`,
    );
  return found;
}

/** The shortest end of a folder's path that no other folder ends with: `a/test` beside `b/test`, else `test`. */
function folderName(folder: string, among: readonly string[]): string {
  const own = partsOf(folder);
  const others = among.filter((other) => resolve(other) !== resolve(folder)).map(partsOf);
  const name = (parts: readonly string[], depth: number): string => parts.slice(-depth).join("/");
  let depth = 1;
  while (depth < own.length && others.some((other) => name(other, depth) === name(own, depth))) depth++;
  return name(own, depth) || folder;
}

const partsOf = (folder: string): string[] =>
  resolve(folder)
    .split(/[/\\]/)
    .filter((part) => part !== "");

/** Refuses a recording that is found twice, such as in a folder and in one within it. */
function refuseTwice(found: readonly Recording[]): void {
  const paths = new Map<string, string>();
  for (const { path, name } of found) {
    const before = paths.get(resolve(path));
    if (before !== undefined)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `recordings: ${before} and ${name} are the same file, which would count twice; give its folder once`,
      );
    paths.set(resolve(path), name);
  }
}

function speakerOf(relativePath: string, pattern: RegExp | undefined): string | undefined {
  const patterns = pattern === undefined ? KNOWN_NAMES : [pattern];
  for (const known of patterns) {
    const speaker = known.exec(relativePath)?.groups?.speaker;
    if (speaker !== undefined) return speaker;
  }
  return undefined;
}

/** File names with a speaker: Speech Commands, LibriSpeech, VCTK, the Free Spoken Digit Dataset. */
const KNOWN_NAMES = [
  /(?:^|\/)(?<speaker>[0-9a-f]{8})_nohash_\d+\.\w+$/,
  /(?:^|\/)(?<speaker>\d+)-\d+-\d{4}\.\w+$/,
  /(?:^|\/)(?<speaker>[ps]\d{1,3})_\d{3}(?:_mic\d)?\.\w+$/,
  /(?:^|\/)\d_(?<speaker>[a-z]+)_\d+\.\w+$/,
];
