import { basename, dirname } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

import { createRandom } from "../random.ts";
import {
  CLIP_SAMPLE_RATE_HZ,
  type ClipSource,
  watchDamage,
  type ReadClipsOptions,
  type SourceClip,
} from "./clip-source.ts";
import type { Segment } from "./files/cut-at-pauses.ts";
import { segmentsOfFiles } from "./files/decode-recording.ts";
import { FaultTally } from "./files/fault-tally.ts";
import { type AudioFile, findAudioFiles } from "./files/find-audio-files.ts";
import { recordingFields } from "./files/recording-fields.ts";

/**
 * Config of a folder of recordings at any sample rate: wav, flac, mp3, ogg, opus, and through ffmpeg m4a, aac, webm and
 * others. A file is one clip; a long one is cut into several.
 */
export const folderConfig = z.strictObject({
  kind: z.literal("folder"),
  ...recordingFields,
  /** Label of every clip. Without it, the name of the folder a file lies in. */
  label: z.string().min(1).max(200).exactOptional(),
  /** Words spoken in every clip. */
  text: z.string().max(10_000).exactOptional(),
  /**
   * Regular expression for the path within the folder; its group named `speaker` is the speaker, such as
   * `(?<speaker>[a-z]+)_\\d+\\.flac$`. Without it the speaker is unknown.
   */
  speakerPattern: z
    .string()
    .max(1000)
    .refine(namesSpeaker, "expected a regular expression with a group (?<speaker>...)")
    .exactOptional(),
  /** Number of files to draw. Default: all. */
  count: z.int().min(1).exactOptional(),
  seed: z.union([z.string(), z.int()]).default(0),
  /** Files to leave out: paths within the folder, where `*` stands for any characters. */
  exclude: z.array(z.string().min(1).max(1000)).max(10_000).default([]),
  /** Longest clip; a longer recording is cut into segments, at pauses where it has any. Seconds. */
  maxSeconds: z.number().positive().max(7200).default(60),
});

/** Recordings in a folder. Ids are paths within it. */
export function createFolderSource(input: z.input<typeof folderConfig>): ClipSource {
  const config = parseStrict(folderConfig, input, { name: "folder source", code: "CONFIG_INVALID" });
  const name = `folder ${config.path}`;
  return { name, clips: (options = {}) => readFolder(name, config, options) };
}

async function* readFolder(
  name: string,
  config: z.output<typeof folderConfig>,
  { signal, onFault, onLeftOut, onNote, decoder }: ReadClipsOptions,
): AsyncGenerator<SourceClip> {
  const tally = new FaultTally(name, { mostShare: config.mostFaultShare, onFault });
  const files = await findClipFiles(config, { onLeftOut });
  const unnamed =
    config.speakerPattern === undefined
      ? []
      : files.filter(({ relativePath }) => speakerOf(relativePath, config) === undefined);
  if (unnamed.length > 0)
    onNote?.(
      `${name}: speakerPattern ${config.speakerPattern} finds no speaker in ${unnamed.length} of ${files.length} paths, ` +
        `such as ${unnamed[0]!.relativePath}; each of these counts as a speaker of its own`,
    );
  const maxLength = Math.max(1, Math.round(config.maxSeconds * CLIP_SAMPLE_RATE_HZ));
  for await (const { file, open } of segmentsOfFiles(files, { maxLength, decoder, signal })) {
    const damage = watchDamage({ onLeftOut });
    const segments = open(damage.onNote);
    try {
      for (;;) {
        if (signal?.aborted)
          throw new CallsignError("ABORTED", `${name}: reading was stopped at ${file.relativePath}`);
        // A recording broken in its middle has given good segments before it fails; they stand.
        const next = await tally.attempt(file.path, () => segments.next());
        if (next?.done === true) {
          tally.countGood();
          damage.report();
        }
        if (next === undefined || next.done === true) break;
        yield describeClip(file, next.value, config);
      }
    } finally {
      await segments.return(undefined);
    }
  }
  tally.finish();
}

/**
 * The files a folder source reads, in their order. @throws CallsignError FILE_NOT_FOUND, CORPUS_EMPTY
 */
export async function findClipFiles(
  config: Pick<z.output<typeof folderConfig>, "path" | "exclude" | "count" | "seed">,
  { onLeftOut }: Pick<ReadClipsOptions, "onLeftOut"> = {},
): Promise<readonly AudioFile[]> {
  const patterns = config.exclude.map(
    (pattern) => new RegExp(`^${pattern.split("*").map(escapePattern).join(".*")}$`, "su"),
  );
  const isExcluded = ({ relativePath }: AudioFile): boolean =>
    patterns.some((pattern) => pattern.test(relativePath));
  const found = await findAudioFiles(config.path);
  const files = found.filter((file) => !isExcluded(file));
  if (files.length === 0)
    throw new CallsignError(
      "CORPUS_EMPTY",
      `${config.path}: all ${found.length} recordings are left out by exclude: ${config.exclude.join(", ")}`,
    );
  for (const { path } of found.filter(isExcluded)) onLeftOut?.({ reason: "excluded", place: path });
  return chooseFiles(files, config);
}

const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

/** A seeded sample of the files, still in their order; a file's place in it does not depend on how many are taken. */
function chooseFiles(
  files: readonly AudioFile[],
  { count = files.length, seed }: Pick<z.output<typeof folderConfig>, "count" | "seed">,
): readonly AudioFile[] {
  if (count >= files.length) return files;
  const chosen = new Set(createRandom(seed).fork("folder").shuffle(files).slice(0, count));
  return files.filter((file) => chosen.has(file));
}

function describeClip(
  { path, relativePath }: AudioFile,
  { samples, index, start, isWhole }: Segment,
  config: z.output<typeof folderConfig>,
): SourceClip {
  const speaker = speakerOf(relativePath, config);
  return {
    id: isWhole ? relativePath : `${relativePath}#${index}`,
    audio: samples,
    ...(!isWhole && { isSegment: true }),
    label: labelOfFile(path, config),
    ...(config.text !== undefined && { text: config.text }),
    ...(speaker !== undefined && { speaker }),
    licence: config.licence,
    source: config.name ?? `folder/${basename(config.path)}`,
    provenance: {
      file: relativePath,
      ...(!isWhole && { startSeconds: start / CLIP_SAMPLE_RATE_HZ }),
    },
  };
}

/** The config's label, or the name of the folder the file lies in. */
export const labelOfFile = (path: string, { label }: Pick<z.output<typeof folderConfig>, "label">): string =>
  label ?? basename(dirname(path));

function speakerOf(
  relativePath: string,
  { speakerPattern, name, path }: z.output<typeof folderConfig>,
): string | undefined {
  if (speakerPattern === undefined) return undefined;
  const found = new RegExp(speakerPattern, "u").exec(relativePath)?.groups?.speaker;
  return found === undefined ? undefined : `${name ?? basename(path)}/${found}`;
}

function namesSpeaker(pattern: string): boolean {
  try {
    // The empty alternative matches anything, so the groups the pattern names become visible.
    return Object.hasOwn(new RegExp(`${pattern}|`, "u").exec("")?.groups ?? {}, "speaker");
  } catch {
    return false;
  }
}
