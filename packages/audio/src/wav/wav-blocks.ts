import { CallsignError } from "../errors.ts";
import type { AudioBlock } from "../samples/audio.ts";
import type { AudioNotes } from "../samples/audio-notes.ts";
import { ChannelMixer } from "../samples/channel-mixer.ts";
import { parseWavFormat, type WavFormat } from "./wav-format.ts";
import { decodeWavFrames } from "./wav-samples.ts";

/** Request to skip `skip` bytes and return the next `peek` bytes without consuming them; fewer at the end of the file only. */
export interface ByteRequest {
  readonly skip: number;
  readonly peek: number;
}

export interface WavOptions {
  readonly name: string;
  /** Undefined for a pipe. */
  readonly fileLength: number | undefined;
  readonly notes: AudioNotes;
}

/**
 * Decodes WAV (RIFF, or RF64 and BW64 with 64-bit lengths) as a generator that requests its input, so that it works for memory,
 * files and pipes. Unknown chunks are skipped, all data chunks are read. As in ffmpeg and SoX, a data length beyond the end of
 * the file (a stopped recorder, a header written before the length was known), or 0 in an incomplete header, means up to the
 * end of the file.
 * @throws CallsignError `AUDIO_EMPTY`, `AUDIO_INVALID`, `AUDIO_NOT_FINITE`, `AUDIO_TRUNCATED`, `AUDIO_UNSUPPORTED`
 */
export function* decodeWavBlocks(options: WavOptions): Generator<ByteRequest | AudioBlock, void, Uint8Array> {
  const { name, fileLength = Infinity } = options;
  const riff = parseRiff(yield { skip: 0, peek: 12 }, options);
  const mixer = new ChannelMixer(() => options.notes.add("antiphase", ANTIPHASE));
  let format: WavFormat | undefined;
  let longLength: number | undefined;
  let hasData = false;
  let dataStart: number | undefined;
  let last: Chunk | undefined;
  let position = 12;
  let skip = 12;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const bytes = yield { skip, peek: 13 };
    const padding = last !== undefined && last.length % 2 === 1 && isPadded(bytes) ? 1 : 0;
    position += padding;
    const head = bytes.subarray(padding);
    if (head.length < 8 || (hasData && !isChunkId(head))) break;
    const id = fourCharacters(head, 0);
    const length = viewOf(head).getUint32(4, true);
    const start = position + 8;
    last = { id, start, length };
    skip = padding + 8 + length;
    if (id === "data") {
      if (format === undefined)
        throw new CallsignError(
          "AUDIO_INVALID",
          `${name}: the data chunk at byte ${position} comes before any format chunk`,
        );
      const length64 = riff.isLong && length === UNKNOWN_LENGTH ? longLength : undefined;
      const chunk = { ...riff, id, start, length: length64 ?? length, isKnown: length64 !== undefined };
      const read = yield* decodeData(chunk, { ...options, format, mixer, skip: padding + 8 });
      last = { ...chunk, length: read };
      skip = 0;
      hasData ||= read >= format.channels * format.bytesPerSample;
      dataStart ??= start;
      position = start + read;
      continue;
    }
    // Only the first format chunk is used.
    if (id === "fmt " && format === undefined) {
      const body = yield { skip: padding + 8, peek: Math.min(length, 40) };
      format = parseWavFormat(body.subarray(0, length), { name, start });
      skip = length;
    }
    if (id === "ds64") {
      longLength = parseDataLength64(yield { skip: padding + 8, peek: Math.min(length, 16) });
      skip = length;
    }
    position = start + length;
  }
  if (hasData) return;
  if (dataStart !== undefined)
    throw new CallsignError("AUDIO_EMPTY", `${name}: no samples after the header's ${dataStart} bytes`);
  if (last !== undefined && last.start + last.length > fileLength)
    throw new CallsignError(
      "AUDIO_TRUNCATED",
      `${name}: chunk ${JSON.stringify(last.id)} at byte ${last.start - 8} claims ${last.length} bytes, ` +
        `the file has ${fileLength - last.start} left and no data chunk before it`,
    );
  throw new CallsignError(
    "AUDIO_INVALID",
    `${name}: no data chunk in ${Math.min(position, fileLength)} bytes; this WAV has no samples`,
  );
}

/** Text of the note on antiphase channels. */
export const ANTIPHASE =
  "the two channels cancel each other out (one is the other inverted); half their difference is used instead of their mean";

/** Far more than real files have, about a dozen. */
const MAX_CHUNKS = 4096;

const UNKNOWN_LENGTH = 0xffffffff;

/** Length written by SoX if it cannot seek back. (SoX 14.4.2, wav.c) */
const SOX_UNKNOWN_LENGTH = 0x7ffff000;

interface Chunk {
  readonly id: string;
  /** Position of the body in the file. */
  readonly start: number;
  readonly length: number;
}

interface Riff {
  /** RF64 or BW64: a length of 0xFFFFFFFF refers to the ds64 chunk. */
  readonly isLong: boolean;
  readonly riffLength: number;
}

function parseRiff(head: Uint8Array, { name, fileLength }: WavOptions): Riff {
  if (head.length === 0) throw new CallsignError("AUDIO_EMPTY", `${name}: expected a WAV file, got 0 bytes`);
  const magic = fourCharacters(head, 0);
  const form = fourCharacters(head, 8);
  if (magic === "RIFX")
    // Not AUDIO_UNSUPPORTED, which hands a file to ffmpeg: some versions decode RIFX as little-endian, to noise.
    throw new CallsignError(
      "AUDIO_INVALID",
      `${name}: big-endian WAV (RIFX) is not read; convert it to RIFF WAV`,
    );
  const isRiff = magic === "RIFF" || magic === "RF64" || magic === "BW64";
  if (isRiff && head.length < 12)
    throw new CallsignError(
      "AUDIO_TRUNCATED",
      `${name}: a WAV header needs 12 bytes, the file has ${fileLength ?? head.length}`,
    );
  if (!isRiff || form !== "WAVE")
    throw new CallsignError(
      "AUDIO_INVALID",
      `${name}: expected a WAV file ("RIFF" at byte 0, "WAVE" at byte 8), ` +
        `got ${JSON.stringify(magic)} and ${JSON.stringify(form)}`,
    );
  return { isLong: magic !== "RIFF", riffLength: viewOf(head).getUint32(4, true) };
}

function parseDataLength64(chunk: Uint8Array): number | undefined {
  if (chunk.length < 16) return undefined;
  const view = viewOf(chunk);
  return view.getUint32(8, true) + view.getUint32(12, true) * 2 ** 32;
}

/** Whether a chunk of odd length is followed by its padding byte, which some writers omit. */
function isPadded(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0 ||
    KNOWN_CHUNKS.has(fourCharacters(bytes, 1)) ||
    !KNOWN_CHUNKS.has(fourCharacters(bytes, 0))
  );
}

const KNOWN_CHUNKS = new Set([
  "data",
  "fmt ",
  "fact",
  "LIST",
  "bext",
  "cue ",
  "smpl",
  "inst",
  "id3 ",
  "ID3 ",
  "JUNK",
  "junk",
  "PEAK",
  "iXML",
]);

const isChunkId = (bytes: Uint8Array): boolean => /^[ -~]{4}$/.test(fourCharacters(bytes, 0));

interface DataChunk extends Chunk, Riff {
  /** The length is from the ds64 chunk, in which no value means "unknown". */
  readonly isKnown: boolean;
}

/** Samples per block: enough to amortize the calls, few enough for the cache. */
const BLOCK_SAMPLES = 16384;

/** Decodes a data chunk, which begins after `skip` bytes, and returns the number of bytes read. */
function* decodeData(
  chunk: DataChunk,
  {
    format,
    mixer,
    skip,
    fileLength,
    notes,
  }: WavOptions & { format: WavFormat; mixer: ChannelMixer; skip: number },
): Generator<ByteRequest | AudioBlock, number, Uint8Array> {
  const { channels, bytesPerSample, sampleRateHz } = format;
  const frameBytes = channels * bytesPerSample;
  const blockBytes = Math.max(1, Math.floor(BLOCK_SAMPLES / channels)) * frameBytes;
  const end = isUnknown(chunk) ? Infinity : chunk.length;
  if (fileLength !== undefined) {
    const expectedSamples = Math.floor(Math.min(end, fileLength - chunk.start) / frameBytes);
    yield { samples: new Float32Array(0), sampleRateHz, expectedSamples };
  }
  let read = 0;
  let skipped = skip;
  for (;;) {
    const wanted = Math.min(blockBytes, end - read);
    const bytes = (yield { skip: skipped, peek: wanted }).subarray(0, wanted);
    const whole = bytes.length - (bytes.length % frameBytes);
    if (whole > 0) {
      const options = { mixer, byte: chunk.start + read, notes };
      yield { samples: decodeWavFrames(bytes.subarray(0, whole), format, options), sampleRateHz };
    }
    read += bytes.length;
    skipped = bytes.length;
    if (bytes.length < blockBytes) break;
  }
  yield { skip: skipped, peek: 0 };
  // A file written to a pipe cannot state its length.
  if (fileLength !== undefined || chunk.length < SOX_UNKNOWN_LENGTH)
    noteLength({ ...chunk, read, end, frameBytes }, notes);
  return read;
}

function noteLength(
  { start, length, read, end, frameBytes }: Chunk & { read: number; end: number; frameBytes: number },
  notes: AudioNotes,
): void {
  if (read % frameBytes !== 0 && end !== Infinity)
    notes.add(
      "truncated",
      `the last frame of the data chunk at byte ${start - 8} has ${read % frameBytes} of ${frameBytes} bytes`,
    );
  if (end === Infinity || read === end) return;
  notes.add(
    length >= SOX_UNKNOWN_LENGTH ? "header" : "truncated",
    `the data chunk at byte ${start - 8} claims ${length} bytes, the file has ${read}; all of them were read`,
  );
}

function isUnknown({ start, length, riffLength, isKnown }: DataChunk): boolean {
  if (isKnown) return false;
  if (length === UNKNOWN_LENGTH || length === SOX_UNKNOWN_LENGTH) return true;
  const riffNeverCompleted = riffLength === UNKNOWN_LENGTH || riffLength <= start - 8;
  return length === 0 && riffNeverCompleted;
}

function fourCharacters(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
