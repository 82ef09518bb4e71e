import type { AudioBlock } from "../../audio/audio.ts";
import type { AudioNotes } from "../../audio/audio-notes.ts";
import { ChannelMixer } from "../../audio/channel-mixer.ts";
import { ANTIPHASE } from "../../audio/wav-blocks.ts";
import { mixUnitScale } from "./call-decoder.ts";
import type { DecodeAudio } from "./decode-audio.ts";
import { FlacDecoder } from "./flac-decoder.ts";
import { type FlacFrame, readFlacFrames } from "./flac-frames.ts";
import type { FlacStreamInfo } from "./flac-metadata.ts";

/** Decodes FLAC with libFLAC, also where its beginning is missing, and several files strung together. */
export const decodeFlac: DecodeAudio = async function* (
  reader,
  notes,
): AsyncGenerator<AudioBlock, void, undefined> {
  const { name } = reader;
  const mixer = new ChannelMixer(() => notes.add("antiphase", ANTIPHASE));
  const decoder = new FlacDecoder();
  let info: FlacStreamInfo | undefined;
  let decoded = 0;
  try {
    for await (const batch of batchFrames(readFlacFrames(reader, notes))) {
      const [{ info: batchInfo }] = batch;
      if (batchInfo !== info) {
        if (info !== undefined) noteLength(info, { decoded, notes });
        decoder.free();
        info = batchInfo;
        decoded = 0;
        const { sampleRateHz, totalSamples } = info;
        if (totalSamples > 0)
          yield { samples: new Float32Array(0), sampleRateHz, expectedSamples: totalSamples };
      }
      for (const frames of await decodeBatch(batch, { decoder, notes })) {
        decoded += frames[0]!.length;
        yield { samples: mixUnitScale(frames, { mixer, name }), sampleRateHz: info.sampleRateHz };
      }
    }
    if (info !== undefined) noteLength(info, { decoded, notes });
  } finally {
    decoder.free();
  }
};

/** Frames decoded together hold no more samples, in all channels, than this and one frame: a tiny frame can hold 65,535. */
const BATCH_SAMPLES = 65536;

type Batch = [FlacFrame, ...FlacFrame[]];

/** Whole frames of one stream go together, others alone. */
async function* batchFrames(frames: AsyncIterable<FlacFrame>): AsyncGenerator<Batch, void, undefined> {
  let batch: Batch | undefined;
  let samples = 0;
  for await (const frame of frames) {
    const joins = batch !== undefined && frame.isWhole && batch[0].isWhole && frame.info === batch[0].info;
    if (batch !== undefined && !joins) yield batch;
    if (batch === undefined || !joins) {
      batch = [frame];
      samples = 0;
    } else batch.push(frame);
    samples += frame.header.blockSize * frame.header.channels;
    if (samples < BATCH_SAMPLES) continue;
    yield batch;
    batch = undefined;
  }
  if (batch !== undefined) yield batch;
}

/** Channels of the batch, or of those of its frames that can be decoded. */
async function decodeBatch(
  batch: Batch,
  { decoder, notes }: { readonly decoder: FlacDecoder; readonly notes: AudioNotes },
): Promise<(readonly Float32Array[])[]> {
  const [{ info, isWhole, byte, bytes, damage }] = batch;
  // libFLAC is left with what follows an uncertain frame.
  if (!isWhole) decoder.free();
  const together = await decoder.decode(batch, info);
  if (!isWhole) decoder.free();
  if (together !== undefined) {
    if (damage > 0) notes.countDamage(byte + bytes.length - damage, damage);
    return [together];
  }
  const decoded: (readonly Float32Array[])[] = [];
  for (const frame of batch) {
    // Twice: a sound frame behind a missing one is refused by the decoder that saw the one before.
    const alone = (await decoder.decode([frame], info)) ?? (await decoder.decode([frame], info));
    if (alone === undefined) notes.countDamage(frame.byte, frame.bytes.length);
    else decoded.push(alone);
  }
  return decoded;
}

function noteLength(
  { totalSamples }: FlacStreamInfo,
  { decoded, notes }: { readonly decoded: number; readonly notes: AudioNotes },
): void {
  if (totalSamples === 0 || decoded === totalSamples) return;
  notes.add(
    decoded < totalSamples ? "truncated" : "header",
    `the FLAC header promises ${totalSamples} samples, ${decoded} were decoded`,
  );
}
