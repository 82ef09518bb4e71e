import { stat } from "node:fs/promises";

import { type AudioNote, CallsignError, type CallsignErrorCode } from "@callsign/audio/internal";
import { readMagnitudeChunks } from "@callsign/audio/node/internal";

import { CLIP_SAMPLE_RATE_HZ, type ReadClipsOptions } from "../clip-source.ts";
import { cutAtPauses, type Segment } from "./cut-at-pauses.ts";

/** A recording to decode, and the longest segment, in samples at 16 kHz. */
export interface RecordingInput {
  readonly path: string;
  readonly maxLength: number;
}

/** A decoded recording. Plain data, since it travels between threads; an error follows the segments before it. */
export interface DecodedRecording {
  readonly segments: readonly Segment[];
  readonly notes: readonly AudioNote[];
  readonly error?: { readonly code: CallsignErrorCode; readonly message: string };
}

/** Threads that decode recordings. */
export interface RecordingDecoder {
  run(input: RecordingInput, signal?: AbortSignal): Promise<DecodedRecording>;
  readonly workers: number;
}

/** The task `recordings`: decodes whole recordings. */
export const openRecordings = () => ({ run: decodeRecording });

async function decodeRecording({ path, maxLength }: RecordingInput): Promise<DecodedRecording> {
  const segments: Segment[] = [];
  const notes: AudioNote[] = [];
  try {
    const chunks = readMagnitudeChunks(path, {
      sampleRateHz: CLIP_SAMPLE_RATE_HZ,
      onNote: (note) => notes.push(note),
    });
    for await (const segment of cutAtPauses(chunks, { maxLength })) segments.push(segment);
    return { segments, notes };
  } catch (error) {
    if (!(error instanceof CallsignError)) throw error;
    return { segments, notes, error: { code: error.code, message: error.message } };
  }
}

/** Largest file that a thread decodes as a whole, in bytes: half an hour of Opus, 115 MB when decoded. */
const MAX_WHOLE_BYTES = 8 << 20;

/**
 * Segments of recordings, file by file in their order. Threads decode the next files meanwhile; long ones are streamed in this
 * thread, in the memory of a segment.
 */
export async function* segmentsOfFiles<File extends { readonly path: string }>(
  files: readonly File[],
  {
    maxLength,
    decoder,
    signal,
  }: Pick<RecordingInput, "maxLength"> & Pick<ReadClipsOptions, "decoder" | "signal">,
): AsyncGenerator<{
  readonly file: File;
  readonly open: (onNote: (note: AudioNote) => void) => AsyncGenerator<Segment, void, undefined>;
}> {
  const ahead: Promise<DecodedRecording | undefined>[] = [];
  const mostAhead = decoder ? 2 * decoder.workers : 0;
  const decode = async ({ path }: File): Promise<DecodedRecording | undefined> => {
    const size = (await stat(path).catch(() => undefined))?.size ?? Infinity;
    return size > MAX_WHOLE_BYTES ? undefined : decoder?.run({ path, maxLength }, signal);
  };
  let next = 0;
  for (const file of files) {
    for (; next < files.length && ahead.length < mostAhead; next++) {
      const decoding = decode(files[next]!);
      // Awaited in its turn; a failure meanwhile must not end the process.
      decoding.catch(() => undefined);
      ahead.push(decoding);
    }
    const decoded = await ahead.shift();
    yield {
      file,
      open: (onNote) =>
        decoded
          ? replay(decoded, onNote)
          : cutAtPauses(
              readMagnitudeChunks(file.path, {
                sampleRateHz: CLIP_SAMPLE_RATE_HZ,
                onNote,
                ...(signal && { signal }),
              }),
              { maxLength },
            ),
    };
  }
}

async function* replay(
  { segments, notes, error }: DecodedRecording,
  onNote: (note: AudioNote) => void,
): AsyncGenerator<Segment, void, undefined> {
  for (const note of notes) onNote(note);
  yield* segments;
  if (error) throw new CallsignError(error.code, error.message);
}
