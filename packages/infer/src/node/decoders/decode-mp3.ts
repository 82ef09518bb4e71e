import { CallsignError } from "../../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteSource } from "./byte-source.ts";
import { callDecoder, createDecoder, freeDecoder } from "./call-decoder.ts";
import { mp3TagLength } from "./mp3-tag.ts";
import { LONGEST_MPEG_FRAME, type MpegFrame, parseMpegFrame } from "./mpeg-frame.ts";
import { mixChannels, type PcmStream } from "./pcm-stream.ts";

/**
 * Decodes MPEG audio (MP3, and layers I and II) with mpg123, which also takes off the encoder's padding where the file
 * states it. Frames are walked here first, so that damage is found at its byte and never papered over.
 */
export async function decodeMp3(source: ByteSource): Promise<PcmStream> {
  const reader = new ByteReader(source);
  await skipTags(reader);
  const first = parseMpegFrame(await reader.fill(4), 0);
  if (first === undefined) throw notAFrame(reader);
  return { sampleRateHz: first.sampleRateHz, blocks: decodeBlocks(reader, first) };
}

/** Skips what tags lie here. @throws CallsignError `AUDIO_TRUNCATED` */
async function skipTags(reader: ByteReader): Promise<void> {
  for (;;) {
    const length = mp3TagLength(await reader.fill(32));
    if (length === 0) return;
    const left = reader.length - reader.position;
    if (length > left)
      throw new CallsignError(
        "AUDIO_TRUNCATED",
        `${reader.name}: the tag at byte ${reader.position} claims ${length} bytes, the file has ${left} left`,
      );
    reader.skip(length);
  }
}

async function* decodeBlocks(
  reader: ByteReader,
  first: MpegFrame,
): AsyncGenerator<Float32Array, void, undefined> {
  const { name } = reader;
  const decoder = await createDecoder(
    () => import("mpg123-decoder"),
    ({ MPEGDecoder }) => new MPEGDecoder(),
    "mpg123-decoder",
  );
  try {
    while (reader.position < reader.length) {
      const length = wholeFrames(await reader.fill(BATCH_LENGTH), first.kind);
      if (length > 0) {
        const bytes = (await reader.fill(length)).subarray(0, length);
        const channels = await callDecoder(() => decoder.decode(bytes), { name, byte: reader.position });
        reader.skip(length);
        yield mixChannels(channels, { name });
      } else {
        const before = reader.position;
        await skipTags(reader);
        if (reader.position === before) await refuse(reader, first);
      }
    }
  } finally {
    freeDecoder(decoder);
  }
}

/** Bytes decoded at a time: 60 KB of the smallest frames still make only a few megabytes of samples. */
const BATCH_LENGTH = 16 * LONGEST_MPEG_FRAME;

/** Bytes of the frames of one kind that lie whole at the start of `bytes`. */
function wholeFrames(bytes: Uint8Array, kind: number): number {
  let end = 0;
  while (end < BATCH_LENGTH) {
    const frame = parseMpegFrame(bytes, end);
    if (frame === undefined || frame.kind !== kind || end + frame.length > bytes.length) break;
    end += frame.length;
  }
  return end;
}

async function refuse(reader: ByteReader, first: MpegFrame): Promise<never> {
  const frame = parseMpegFrame(await reader.fill(4), 0);
  const left = reader.length - reader.position;
  if (frame === undefined) throw notAFrame(reader);
  if (frame.kind !== first.kind)
    throw new CallsignError(
      "AUDIO_UNSUPPORTED",
      `${reader.name}: the MPEG stream changes to another kind at byte ${reader.position} ` +
        `(${first.sampleRateHz} to ${frame.sampleRateHz} Hz); split the file there`,
    );
  throw new CallsignError(
    "AUDIO_TRUNCATED",
    `${reader.name}: the MPEG frame at byte ${reader.position} has ${frame.length} bytes, the file has ${left} left`,
  );
}

function notAFrame(reader: ByteReader): CallsignError {
  return new CallsignError(
    "AUDIO_INVALID",
    `${reader.name}: expected an MPEG frame at byte ${reader.position} of ${reader.length}; the file is damaged there`,
  );
}
