import { resolve, sep } from "node:path";
import { findAudioFiles } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";

/** Audio file of an evaluation, not read yet. */
export interface Recording {
  readonly path: string;
  /** Unique among those found together: the folder's name, with as many parents as tell the folders apart, and the path within it. */
  readonly name: string;
  /** Folder it was found in, as given, with the first subfolder if there are several. */
  readonly source: string;
  /** Speaker according to the file name; undefined if the name does not contain one. */
  readonly speaker: string | undefined;
}

export interface FindRecordingsOptions {
  /** Excludes recordings whose name matches. */
  readonly exclude?: RegExp;
  /** Pattern with a group named `speaker`, matched against the path within the folder. Default: names of a few known corpora. */
  readonly speakerPattern?: RegExp;
}

/**
 * All recordings in the given folders, ordered by folder and by path within it.
 * @throws CallsignError `FILE_NOT_FOUND`, `CORPUS_EMPTY` (also if all are excluded), `INVALID_ARGUMENT` for a folder given
 * twice or within another
 */
export async function findRecordings(
  folders: readonly string[],
  { exclude, speakerPattern }: FindRecordingsOptions = {},
): Promise<Recording[]> {
  refuseOverlap(folders);
  const labels = folderLabels(folders);
  const found: Recording[] = [];
  for (const [i, folder] of folders.entries()) {
    const label = labels[i]!;
    for (const { path, relativePath } of await findAudioFiles(folder)) {
      const name = `${label}/${relativePath}`;
      if (exclude?.test(name)) continue;
      const inner = relativePath.includes("/") ? `/${relativePath.split("/", 1)[0]}` : "";
      found.push({
        path,
        name,
        source: `${label}${inner}`,
        speaker: speakerOf(relativePath, speakerPattern),
      });
    }
  }
  if (found.length === 0)
    throw new CallsignError(
      "CORPUS_EMPTY",
      `${folders.join(", ")}: no recording is left of these folders; the pattern ${String(exclude)} leaves out all of them`,
    );
  return found;
}

/** The shortest ends of the folders' paths that differ from each other: `a/test` and `b/test`. */
function folderLabels(folders: readonly string[]): string[] {
  const parts = folders.map((folder) =>
    resolve(folder)
      .split(/[/\\]/)
      .filter((part) => part !== ""),
  );
  const labelOf = (path: readonly string[], depth: number): string => path.slice(-depth).join("/") || "/";
  return parts.map((own) => {
    let depth = 1;
    while (
      depth < own.length &&
      parts.some((other) => other !== own && labelOf(other, depth) === labelOf(own, depth))
    )
      depth++;
    return labelOf(own, depth);
  });
}

/** A recording found twice would count twice. */
function refuseOverlap(folders: readonly string[]): void {
  const paths = folders.map((folder) => resolve(folder));
  for (const [i, inner] of paths.entries()) {
    const outer = paths.findIndex((other, j) => j !== i && `${inner}${sep}`.startsWith(`${other}${sep}`));
    if (outer >= 0)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `recordings: ${folders[i]} is within ${folders[outer]}, so its files would count twice; give only one of them`,
      );
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
