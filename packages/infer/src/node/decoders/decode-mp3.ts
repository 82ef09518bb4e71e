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
import { skipJunk, skipTags } from "./file-tags.ts";
import { findMpegFrames, countInfoFrames, LONGEST_MPEG_FRAME, parseMpegFrame } from "./mpeg-frame.ts";

/**
 * Decodes MPEG audio (MP3, and layers I and II) with mpg123, which also takes off the encoder's padding where the file
 * states it. Frames are found here, so that damage can be told and files strung together can be told apart.
 */
export const decodeMp3: DecodeAudio = async function* (
  reader,
  notes,
): AsyncGenerator<AudioBlock, void, undefined> {
  const { name } = reader;
  const mixer = new ChannelMixer(() => notes.add("antiphase", ANTIPHASE));
  let decoder: MpegDecoder | undefined;
  let kind: number | undefined;
  let missingFrames = 0;
  try {
    for (;;) {
      await skipTags(reader, kind === undefined ? undefined : notes);
      const batch = wholeFrames(await reader.fill(BATCH_LENGTH), kind);
      if (batch === undefined) {
        if (await skipDamage(reader, { kind, notes })) continue;
        break;
      }
      const { length, frames, sampleRateHz, promised } = batch;
      // Another file may follow, with a stated padding of its own.
      if (decoder === undefined || batch.kind !== kind || promised !== undefined) {
        if (decoder !== undefined) freeDecoder(decoder);
        decoder = await createMpegDecoder();
        kind = batch.kind;
        missingFrames = promised === undefined ? 0 : promised + 1;
      }
      missingFrames -= frames;
      const { channels, error } = await callDecoder(
        decodeWith(decoder, (await reader.fill(length)).subarray(0, length)),
      );
      if (error !== undefined) {
        notes.countDamage(reader.position, length);
        freeDecoder(decoder);
        decoder = undefined;
      }
      await reader.skip(length);
      if (channels.length > 0) yield { samples: mixUnitScale(channels, { mixer, name }), sampleRateHz };
    }
    if (missingFrames > 0)
      notes.add("truncated", `the file has ${missingFrames} frames less than its first one promises`);
  } finally {
    if (decoder !== undefined) freeDecoder(decoder);
  }
};

const decodeWith = (decoder: MpegDecoder, bytes: Uint8Array) => (): DecoderResult => decoder.decode(bytes);

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
  readonly kind: number;
  readonly sampleRateHz: number;
  /** Bytes of all frames. */
  readonly length: number;
  readonly frames: number;
  /** Frames that the first one promises, where it tells of them and holds no audio. */
  readonly promised: number | undefined;
}

/** The frames of one kind and one file that lie whole at the start of `bytes`; undefined where none does. */
function wholeFrames(bytes: Uint8Array, kind: number | undefined): Batch | undefined {
  const first = parseMpegFrame(bytes, 0);
  if (first === undefined) return undefined;
  // A header of another kind may be damage: it has to be followed by more of them.
  const isEnd = bytes.length < BATCH_LENGTH;
  if (first.kind !== kind && findMpegFrames(bytes, { isEnd }) !== 0) return undefined;
  let length = 0;
  let frames = 0;
  for (; length < bytes.length; frames++) {
    const frame = parseMpegFrame(bytes, length);
    if (frame?.kind !== first.kind || length + frame.length > bytes.length) break;
    if (length > 0 && countInfoFrames(bytes, length) !== undefined) break;
    length += frame.length;
  }
  if (frames === 0) return undefined;
  return {
    kind: first.kind,
    sampleRateHz: first.sampleRateHz,
    length,
    frames,
    promised: countInfoFrames(bytes, 0),
  };
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
  if (kind === undefined && begin < LONGEST_MPEG_FRAME && count < LONGEST_MPEG_FRAME) {
    notes.add("truncated", `the file begins within an MPEG frame, its first ${count} bytes were skipped`);
    await reader.skip(count);
  } else await skipJunk(reader, { count, notes });
  return true;
}

const SEARCHED_BYTES = 65536;
