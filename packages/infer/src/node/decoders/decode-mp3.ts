import type { AudioBlock } from "../../audio/audio.ts";
import { ChannelMixer } from "../../audio/channel-mixer.ts";
import { ANTIPHASE } from "../../audio/wav-blocks.ts";
import type { AudioNotes } from "../../audio/audio-notes.ts";
import type { ByteReader } from "./byte-reader.ts";
import {
  callDecoder,
  createDecoder,
  type Decoder,
  type DecoderResult,
  freeDecoder,
  mixUnitScale,
} from "./call-decoder.ts";
import type { DecodeAudio } from "./decode-audio.ts";
import { skipTags } from "./file-tags.ts";
import {
  findMpegFrames,
  isInfoFrame,
  LONGEST_MPEG_FRAME,
  type MpegFrame,
  parseMpegFrame,
} from "./mpeg-frame.ts";

/**
 * Decodes MPEG audio (MP3, and layers I and II) with mpg123, which also takes off the encoder's padding where the file
 * states it. Frames are found here, so that damage can be told and files strung together can be told apart.
 */
export const decodeMp3: DecodeAudio = async function* (
  reader,
  notes,
): AsyncGenerator<AudioBlock, void, undefined> {
  const mixer = new ChannelMixer(() => notes.add("antiphase", ANTIPHASE));
  let decoder: MpegDecoder | undefined;
  let kind: number | undefined;
  try {
    for (;;) {
      await skipTags(reader);
      const batch = wholeFrames(await reader.fill(BATCH_LENGTH), kind);
      if (batch.first === undefined) {
        if (!(await skipDamage(reader, { kind, notes }))) return;
        continue;
      }
      // Another file may follow, with a stated padding of its own.
      if (decoder === undefined || batch.first.kind !== kind || batch.isInfo) {
        if (decoder !== undefined) freeDecoder(decoder);
        decoder = await createMpegDecoder();
        kind = batch.first.kind;
      }
      const bytes = (await reader.fill(batch.length)).subarray(0, batch.length);
      const { channels, error } = await callDecoder(() => decoder!.decode(bytes));
      if (error !== undefined) {
        notes.countDamage(reader.position, batch.length);
        freeDecoder(decoder);
        decoder = undefined;
      }
      await reader.skip(batch.length);
      if (channels.length > 0)
        yield {
          samples: mixUnitScale(channels, { mixer, name: reader.name }),
          sampleRateHz: batch.first.sampleRateHz,
        };
    }
  } finally {
    if (decoder !== undefined) freeDecoder(decoder);
  }
};

interface MpegDecoder extends Decoder {
  decode(bytes: Uint8Array): DecoderResult;
}

function createMpegDecoder(): Promise<MpegDecoder> {
  return createDecoder(
    () => import("mpg123-decoder"),
    ({ MPEGDecoder }) => new MPEGDecoder(),
    "mpg123-decoder",
  );
}

/** Bytes decoded at a time: 28 KB of the smallest frames still make only a megabyte of samples. */
const BATCH_LENGTH = 16 * LONGEST_MPEG_FRAME;

interface Batch {
  readonly first: MpegFrame | undefined;
  /** Bytes of all frames. */
  readonly length: number;
  /** The first frame holds an encoder's information and no audio. */
  readonly isInfo: boolean;
}

/** The frames of one kind and one file that lie whole at the start of `bytes`. */
function wholeFrames(bytes: Uint8Array, kind: number | undefined): Batch {
  const first = parseMpegFrame(bytes, 0);
  // A header of another kind may be damage: it has to be followed by more of them.
  if (
    first === undefined ||
    (first.kind !== kind && findMpegFrames(bytes, { isEnd: bytes.length < BATCH_LENGTH }) !== 0)
  )
    return { first: undefined, length: 0, isInfo: false };
  let length = 0;
  while (length < bytes.length) {
    const frame = parseMpegFrame(bytes, length);
    if (frame?.kind !== first.kind || length + frame.length > bytes.length) break;
    if (length > 0 && isInfoFrame(bytes, length)) break;
    length += frame.length;
  }
  return length === 0
    ? { first: undefined, length, isInfo: false }
    : { first, length, isInfo: isInfoFrame(bytes, 0) };
}

/** Skips what is no whole frame, up to the next frames; false at the end of the file. */
async function skipDamage(
  reader: ByteReader,
  { kind, notes }: { readonly kind: number | undefined; readonly notes: AudioNotes },
): Promise<boolean> {
  const bytes = await reader.fill(SEARCHED_BYTES);
  if (bytes.length === 0) return false;
  const isEnd = bytes.length < SEARCHED_BYTES;
  const next = findMpegFrames(bytes, { isEnd, from: 1 });
  const begin = reader.position;
  const frame = parseMpegFrame(bytes, 0);
  if (next < 0 && isEnd && frame !== undefined && frame.length > bytes.length) {
    notes.add(
      "truncated",
      `the file ends within an MPEG frame, ${bytes.length} of its ${frame.length} bytes are there`,
    );
    await reader.skip(bytes.length);
    return false;
  }
  // Where none is seen a frame may still begin in the last bytes.
  const count = next >= 0 ? next : isEnd ? bytes.length : bytes.length - LONGEST_MPEG_FRAME;
  if (kind === undefined && begin < LONGEST_MPEG_FRAME && count < LONGEST_MPEG_FRAME)
    notes.add("truncated", `the file begins within an MPEG frame, its first ${count} bytes were skipped`);
  else notes.countDamage(begin, count);
  await reader.skip(count);
  return true;
}

const SEARCHED_BYTES = 65536;
