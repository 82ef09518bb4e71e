import { CallsignError } from "../errors.ts";
import { parseWavFormat, type WavFormat } from "./wav-format.ts";

/** What a WAV file says of its samples, checked against the file's length. */
export interface WavHeader extends WavFormat {
  /** Byte where the samples begin. */
  readonly dataStart: number;
  /** Frames (a sample of every channel) that the file really holds. */
  readonly frames: number;
}

/** A stretch of the file; near its end fewer bytes come back. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads a WAV header (RIFF, or RF64 and BW64 with 64-bit lengths) up to its samples, as a generator that asks for
 * the bytes it needs and so serves memory and files alike. Unknown chunks are skipped. A data length of 0xFFFFFFFF, or
 * 0 in a RIFF header that was never completed, is what a writer leaves that could not seek back: the samples then go
 * on to the end of the file.
 * @throws CallsignError `AUDIO_EMPTY`, `AUDIO_INVALID`, `AUDIO_TRUNCATED`, `AUDIO_UNSUPPORTED`
 */
export function* parseWavHeader(options: {
  readonly name: string;
  readonly fileLength: number;
}): Generator<ByteRange, WavHeader, Uint8Array> {
  const { name, fileLength } = options;
  const riff = parseRiff(yield { offset: 0, length: 12 }, options);
  let format: WavFormat | undefined;
  let longLength: number | undefined;
  let offset = 12;
  for (let count = 0; count < MOST_CHUNKS; count++) {
    const head = yield { offset, length: 8 };
    if (head.length < 8)
      throw new CallsignError(
        "AUDIO_INVALID",
        `${name}: no data chunk in ${fileLength} bytes; this WAV has no samples`,
      );
    const id = fourCharacters(head, 0);
    const length = viewOf(head).getUint32(4, true);
    const start = offset + 8;
    if (id === "data") {
      const length64 = riff.long && length === UNKNOWN_LENGTH ? longLength : undefined;
      return locateData(
        { ...riff, start, length: length64 ?? length, isKnown: length64 !== undefined },
        format,
        options,
      );
    }
    if (start + length > fileLength)
      throw new CallsignError(
        "AUDIO_TRUNCATED",
        `${name}: chunk ${JSON.stringify(id)} at byte ${offset} claims ${length} bytes, ` +
          `the file has ${fileLength - start} left and no data chunk before it`,
      );
    if (id === "fmt ")
      format = parseWavFormat(yield { offset: start, length: Math.min(length, 40) }, { name, start });
    if (id === "ds64") longLength = parseDataLength64(yield { offset: start, length: Math.min(length, 16) });
    offset = start + length + (length % 2);
  }
  throw new CallsignError("AUDIO_INVALID", `${name}: no data chunk among the first ${MOST_CHUNKS} chunks`);
}

/** Real files have a dozen chunks at most. */
const MOST_CHUNKS = 4096;

const UNKNOWN_LENGTH = 0xffffffff;

/** SoX writes this where it cannot seek back. (SoX 14.4.2, wav.c) */
const SOX_UNKNOWN_LENGTH = 0x7ffff000;

interface Riff {
  /** RF64 or BW64: lengths of 0xFFFFFFFF stand in the ds64 chunk. */
  readonly long: boolean;
  readonly riffLength: number;
}

function parseRiff(head: Uint8Array, { name, fileLength }: { name: string; fileLength: number }): Riff {
  if (fileLength === 0) throw new CallsignError("AUDIO_EMPTY", `${name}: expected a WAV file, got 0 bytes`);
  const magic = fourCharacters(head, 0);
  const form = fourCharacters(head, 8);
  if (magic === "RIFX")
    throw new CallsignError("AUDIO_UNSUPPORTED", `${name}: big-endian WAV (RIFX); convert it to RIFF WAV`);
  const isRiff = magic === "RIFF" || magic === "RF64" || magic === "BW64";
  if (isRiff && head.length < 12)
    throw new CallsignError(
      "AUDIO_TRUNCATED",
      `${name}: a WAV header needs 12 bytes, the file has ${fileLength}`,
    );
  if (!isRiff || form !== "WAVE")
    throw new CallsignError(
      "AUDIO_INVALID",
      `${name}: expected a WAV file ("RIFF" at byte 0, "WAVE" at byte 8), ` +
        `got ${JSON.stringify(magic)} and ${JSON.stringify(form)}`,
    );
  return { long: magic !== "RIFF", riffLength: viewOf(head).getUint32(4, true) };
}

function parseDataLength64(chunk: Uint8Array): number | undefined {
  if (chunk.length < 16) return undefined;
  const view = viewOf(chunk);
  return view.getUint32(8, true) + view.getUint32(12, true) * 2 ** 32;
}

interface DataChunk extends Riff {
  readonly start: number;
  readonly length: number;
  /** The length comes from ds64, where no value means "unknown". */
  readonly isKnown: boolean;
}

function locateData(
  data: DataChunk,
  format: WavFormat | undefined,
  { name, fileLength }: { name: string; fileLength: number },
): WavHeader {
  const { start } = data;
  if (format === undefined)
    throw new CallsignError(
      "AUDIO_INVALID",
      `${name}: the data chunk at byte ${start - 8} comes before any format chunk`,
    );
  const frameBytes = format.channels * format.bytesPerSample;
  const left = fileLength - start;
  if (isUnknown(data)) {
    // A stream that was cut may end within a frame.
    const frames = Math.floor(left / frameBytes);
    if (frames === 0)
      throw new CallsignError("AUDIO_EMPTY", `${name}: no samples after the header's ${start} bytes`);
    return { ...format, dataStart: start, frames };
  }
  if (data.length > left)
    throw new CallsignError(
      "AUDIO_TRUNCATED",
      `${name}: the data chunk at byte ${start - 8} claims ${data.length} bytes, the file has ${left} left`,
    );
  if (data.length === 0)
    throw new CallsignError("AUDIO_EMPTY", `${name}: the data chunk at byte ${start - 8} is empty`);
  if (data.length % frameBytes !== 0)
    throw new CallsignError(
      "AUDIO_INVALID",
      `${name}: the data chunk at byte ${start - 8} has ${data.length} bytes, ` +
        `expected a multiple of ${frameBytes} (${format.channels} channels of ${format.bytesPerSample} bytes)`,
    );
  return { ...format, dataStart: start, frames: data.length / frameBytes };
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
