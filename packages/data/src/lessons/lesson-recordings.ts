import { existsSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError, roundMagnitudes } from "@callsign/audio/internal";
import { readMagnitudeChunks, readMagnitudes } from "@callsign/audio/node/internal";
import { sha256Hex, writeFileAtomic } from "@callsign/infer/node/internal";

import { readAt, readSafetensorsHeader } from "../formats/safetensors-range.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { cutAtPauses } from "../sources/files/cut-at-pauses.ts";
import { type AudioFile, findAudioFiles } from "../sources/files/find-audio-files.ts";
import { claimFile } from "./claim-file.ts";
import { readContents, type SaidPart } from "./lesson-contents.ts";

/** A part of a recording, as it lies in the file of decoded recordings. */
export interface LessonSegment {
  /** Path of its recording from the folder. */
  readonly path: string;
  /** Place in the file, in samples. */
  readonly start: number;
  readonly length: number;
  /** Text of the segment; undefined unless the contents of the recording are given. */
  readonly text?: string;
}

/** Recordings of a folder, decoded once and cut at pauses. */
export interface LessonRecordings {
  readonly segments: readonly LessonSegment[];
  /** Samples of a segment, int16 magnitudes at 16 kHz. @throws CallsignError `FILE_NOT_FOUND`, `SHARD_INVALID` */
  read(segment: LessonSegment): Promise<Float32Array>;
}

/**
 * Opens the recordings of a folder. The first process to do so decodes them into one file in `out` (115 MB an hour), so that
 * threads, later runs and every file of lessons read segments instead of decoding whole recordings. A changed folder is decoded
 * again.
 * @param options.contents file that `readContents` reads: recordings in it are cut into the parts it names, not at pauses
 * @throws CallsignError `FILE_NOT_FOUND`, `CORPUS_EMPTY`, and those of `readAudioFile`
 */
export async function openLessonRecordings(
  folder: string,
  { out, contents }: { readonly out: string; readonly contents?: string | undefined },
): Promise<LessonRecordings> {
  const said = contents === undefined ? new Map<string, readonly SaidPart[]>() : await readContents(contents);
  const files = await findAudioFiles(folder);
  const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path)).size));
  const listing = files.map(({ relativePath }, i) => [relativePath, sizes[i]]);
  const key = sha256Hex(new TextEncoder().encode(JSON.stringify([FORMAT, folder, listing, [...said]])));
  const file = join(out, `recordings-${key.slice(0, 16)}.safetensors`);
  const claim = existsSync(file)
    ? undefined
    : await claimFile(file, { unless: () => Promise.resolve(existsSync(file)) });
  try {
    // The file may have been finished just before the claim.
    if (claim && !existsSync(file)) await writeFileAtomic(file, await decodeAll(files, said));
  } finally {
    await claim?.release();
  }
  return openFile(file);
}

async function openFile(file: string): Promise<LessonRecordings> {
  const handle = await open(file);
  try {
    const { header } = await readSafetensorsHeader(handle, file);
    const samples = header.tensors.get("samples");
    if (header.metadata.format !== FORMAT || samples?.dtype !== "I16") throw damaged(file);
    const segments = JSON.parse(header.metadata.segments ?? "[]") as LessonSegment[];
    return { segments, read: (segment) => readSegment(file, { begin: samples.begin, segment }) };
  } finally {
    await handle.close();
  }
}

async function readSegment(
  file: string,
  { begin, segment: { start, length } }: { readonly begin: number; readonly segment: LessonSegment },
): Promise<Float32Array> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new CallsignError("FILE_NOT_FOUND", `${file}: the decoded recordings are missing; run it again`, {
      cause,
    });
  });
  try {
    const from = begin + BYTES * start;
    const bytes = await readAt(handle, { begin: from, end: from + BYTES * length });
    if (bytes.length !== BYTES * length) throw damaged(file);
    return Float32Array.from(new Int16Array(bytes.buffer));
  } finally {
    await handle.close();
  }
}

async function decodeAll(
  files: readonly AudioFile[],
  said: ReadonlyMap<string, readonly SaidPart[]>,
): Promise<Uint8Array> {
  const segments: LessonSegment[] = [];
  const parts: Int16Array[] = [];
  let total = 0;
  for (const { path, relativePath } of files) {
    const contents = said.get(relativePath);
    const cut: AsyncIterable<Part> = contents
      ? cutAtContents(path, contents)
      : cutAtPauses(readMagnitudeChunks(path, { sampleRateHz: 16_000 }), { maxLength: MAX_SEGMENT });
    for await (const { samples, text } of cut) {
      if (samples.every((value) => value === 0)) continue;
      segments.push({
        path: relativePath,
        start: total,
        length: samples.length,
        ...(text !== undefined && { text }),
      });
      parts.push(roundMagnitudes(samples));
      total += samples.length;
    }
  }
  const data = new Int16Array(total);
  for (const [i, { start }] of segments.entries()) data.set(parts[i]!, start);
  return writeSafetensors(new Map([["samples", { dtype: "I16", shape: [total], data }]]), {
    metadata: { format: FORMAT, segments: JSON.stringify(segments) },
  });
}

/** A part of a recording, with its text if it is known. */
interface Part {
  readonly samples: Float32Array;
  readonly text?: string;
}

async function* cutAtContents(path: string, contents: readonly SaidPart[]): AsyncGenerator<Part> {
  const whole = await readMagnitudes(path, { sampleRateHz: 16_000, maxSeconds: Infinity });
  for (const { start, end, text } of contents)
    yield { samples: whole.slice(Math.round(start * 16_000), Math.round(end * 16_000)), text };
}

const FORMAT = "callsign-lesson-recordings-1";
/** 5 s: about a sentence; the longest stretch that one speaker has in a lesson without a pause. */
const MAX_SEGMENT = 5 * 16_000;
/** Bytes of a sample. */
const BYTES = 2;

const damaged = (file: string): CallsignError =>
  new CallsignError(
    "SHARD_INVALID",
    `${file}: not a whole file of decoded recordings; delete it and run again`,
  );
