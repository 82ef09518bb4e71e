import { basename, dirname } from "node:path";

import { CallsignError, parseStrict } from "@callsign/infer";
import { readAudioFile } from "@callsign/infer/node";
import * as z from "zod";

import { createRandom } from "../random.ts";
import {
  CLIP_SAMPLE_RATE_HZ,
  type ClipSource,
  type ReadClipsOptions,
  type SourceClip,
} from "./clip-source.ts";
import { FaultTally } from "./fault-tally.ts";
import { type AudioFile, findAudioFiles } from "./find-audio-files.ts";
import { recordingFields } from "./recording-fields.ts";

/** Config of a folder of recordings, one clip a file: wav, flac, mp3, ogg or opus, any sample rate. */
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
  /** How many files, drawn by the seed; all without it. */
  count: z.int().min(1).exactOptional(),
  seed: z.union([z.string(), z.int()]).default(0),
  /** A longer recording is a fault: it is no clip. Seconds. */
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
  { signal, onFault }: ReadClipsOptions,
): AsyncGenerator<SourceClip> {
  const tally = new FaultTally(name, { mostShare: config.mostFaultShare, onFault });
  for (const file of chooseFiles(await findAudioFiles(config.path), config)) {
    if (signal?.aborted)
      throw new CallsignError("ABORTED", `${name}: reading was stopped at ${file.relativePath}`);
    const audio = await tally.attempt(file.path, () =>
      readAudioFile(file.path, {
        sampleRateHz: CLIP_SAMPLE_RATE_HZ,
        maxSeconds: config.maxSeconds,
        ...(signal && { signal }),
      }),
    );
    if (audio === undefined) continue;
    tally.countGood();
    yield describeClip(file, audio.samples, config);
  }
  tally.finish();
}

/** A seeded sample of the files, still in their order; a file's place in it does not depend on how many are taken. */
function chooseFiles(
  files: readonly AudioFile[],
  { count = files.length, seed }: z.output<typeof folderConfig>,
): readonly AudioFile[] {
  if (count >= files.length) return files;
  const chosen = new Set(createRandom(seed).fork("folder").shuffle(files).slice(0, count));
  return files.filter((file) => chosen.has(file));
}

function describeClip(
  { path, relativePath }: AudioFile,
  audio: Float32Array,
  config: z.output<typeof folderConfig>,
): SourceClip {
  const speaker = speakerOf(relativePath, config);
  return {
    id: relativePath,
    audio,
    label: config.label ?? basename(dirname(path)),
    ...(config.text !== undefined && { text: config.text }),
    ...(speaker !== undefined && { speaker }),
    licence: config.licence,
    source: config.name ?? `folder/${basename(config.path)}`,
    provenance: { file: relativePath },
  };
}

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
