import type { AudioBlock } from "../../../samples/audio.ts";
import type { AudioNotes } from "../../../samples/audio-notes.ts";
import { ChannelMixer } from "../../../samples/channel-mixer.ts";
import { ANTIPHASE } from "../../../wav/wav-blocks.ts";
import { mixDecoded } from "../call-decoder.ts";
import type { DecodeAudio } from "../decode-audio.ts";
import { FlacDecoder } from "./decoder.ts";
import { type FlacFrame, readFlacFrames } from "./frames.ts";
import type { FlacStreamInfo } from "./metadata.ts";

/** Decoder of FLAC by libFLAC, including files without their beginning and concatenated files. */
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
        yield { samples: mixDecoded(frames, { mixer, name }), sampleRateHz: info.sampleRateHz };
      }
    }
    if (info !== undefined) noteLength(info, { decoded, notes });
  } finally {
    decoder.free();
  }
};

/** Samples, over all channels, after which a batch of frames is decoded; a frame of few bytes can hold 65,535. */
const BATCH_SAMPLES = 65536;

type Batch = [FlacFrame, ...FlacFrame[]];

/** Groups intact frames of one stream; damaged ones form batches of their own. */
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

/** Decodes a batch, or else each of its frames, and returns the channels of what could be decoded. */
async function decodeBatch(
  batch: Batch,
  { decoder, notes }: { readonly decoder: FlacDecoder; readonly notes: AudioNotes },
): Promise<(readonly Float32Array[])[]> {
  const [{ info, isWhole, byte, bytes, damage }] = batch;
  // The state of libFLAC after a damaged frame is unknown.
  if (!isWhole) decoder.free();
  const together = await decoder.decode(batch, info);
  if (!isWhole) decoder.free();
  if (together !== undefined) {
    if (damage > 0) notes.countDamage(byte + bytes.length - damage, damage);
    return [together];
  }
  const decoded: (readonly Float32Array[])[] = [];
  for (const frame of batch) {
    // Twice, since a decoder rejects an intact frame after a missing one, and the second attempt uses a new decoder.
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
