import { basename } from "node:path";
import { findAudioFiles } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";

/** A file of an evaluation, before it is read. */
export interface Recording {
  readonly path: string;
  /** Unique among those found together: the folder's name and the path within it. */
  readonly name: string;
  /** The folder it was found in, as given, and the first folder below that where there are several. */
  readonly source: string;
  /** As the file's name tells; undefined where it does not. */
  readonly speaker: string | undefined;
}

export interface FindRecordingsOptions {
  /** Recordings whose name this matches are left out. */
  readonly exclude?: RegExp;
  /** With a group named `speaker`, for the path within the folder. Default the naming of a few well-known corpora. */
  readonly speakerPattern?: RegExp;
}

/**
 * Every recording in some folders, in the order of the folders and of the paths within them.
 * @throws CallsignError `FILE_NOT_FOUND`, `CORPUS_EMPTY`, also where all were left out
 */
export async function findRecordings(
  folders: readonly string[],
  { exclude, speakerPattern }: FindRecordingsOptions = {},
): Promise<Recording[]> {
  const found: Recording[] = [];
  for (const folder of folders) {
    const label = basename(folder.replace(/[/\\]+$/, "")) || folder;
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

function speakerOf(relativePath: string, pattern: RegExp | undefined): string | undefined {
  const patterns = pattern === undefined ? KNOWN_NAMES : [pattern];
  for (const known of patterns) {
    const speaker = known.exec(relativePath)?.groups?.speaker;
    if (speaker !== undefined) return speaker;
  }
  return undefined;
}

/** Corpora whose file names tell the speaker: Speech Commands, LibriSpeech, VCTK, the Free Spoken Digit Dataset. */
const KNOWN_NAMES = [
  /(?:^|\/)(?<speaker>[0-9a-f]{8})_nohash_\d+\.\w+$/,
  /(?:^|\/)(?<speaker>\d+)-\d+-\d{4}\.\w+$/,
  /(?:^|\/)(?<speaker>[ps]\d{1,3})_\d{3}(?:_mic\d)?\.\w+$/,
  /(?:^|\/)\d_(?<speaker>[a-z]+)_\d+\.\w+$/,
];
