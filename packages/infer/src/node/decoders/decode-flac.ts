import { CallsignError } from "../../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteSource } from "./byte-source.ts";
import { decodeFlacFrames, type FlacDecoder, keepFlacDecoder, takeFlacDecoder } from "./flac-decoder.ts";
import { freeDecoder } from "./call-decoder.ts";
import { type FlacFrame, readFlacFrames } from "./flac-frames.ts";
import { type FlacStreamInfo, readFlacMetadata } from "./flac-metadata.ts";
import { mp3TagLength } from "./mp3-tag.ts";
import type { PcmStream } from "./pcm-stream.ts";

/** Decodes FLAC, also behind an ID3 tag, with libFLAC. */
export async function decodeFlac(source: ByteSource): Promise<PcmStream> {
  const reader = new ByteReader(source);
  reader.skip(mp3TagLength(await reader.fill(32)));
  const info = await readFlacMetadata(reader);
  const blocks = decodeBlocks(reader, info);
  const { sampleRateHz, totalSamples } = info;
  return { sampleRateHz, ...(totalSamples > 0 && { expectedSamples: totalSamples }), blocks };
}

async function* decodeBlocks(
  reader: ByteReader,
  info: FlacStreamInfo,
): AsyncGenerator<Float32Array, void, undefined> {
  const decoder = await takeFlacDecoder();
  let decoded = 0;
  let succeeded = false;
  try {
    for await (const batch of batchFrames(readFlacFrames(reader, info))) {
      const block = await decodeBatch(batch, decoder, { ...info, name: reader.name });
      decoded += block.length;
      yield block;
    }
    succeeded = true;
  } finally {
    if (succeeded) keepFlacDecoder(decoder);
    else freeDecoder(decoder);
  }
  const { totalSamples } = info;
  if (totalSamples === 0 || decoded === totalSamples) return;
  throw new CallsignError(
    decoded < totalSamples ? "AUDIO_TRUNCATED" : "AUDIO_INVALID",
    `${reader.name}: the FLAC header promises ${totalSamples} samples, the file's ${reader.length} bytes hold ${decoded}`,
  );
}

/** Frames decoded together hold no more samples, in all channels, than this and one frame: a tiny frame can hold 65,535. */
const BATCH_SAMPLES = 65536;

async function* batchFrames(frames: AsyncIterable<FlacFrame>): AsyncGenerator<FlacFrame[], void, undefined> {
  let batch: FlacFrame[] = [];
  let samples = 0;
  for await (const frame of frames) {
    batch.push(frame);
    samples += frame.header.blockSize * frame.header.channels;
    if (samples < BATCH_SAMPLES) continue;
    yield batch;
    batch = [];
    samples = 0;
  }
  if (batch.length > 0) yield batch;
}

async function decodeBatch(
  batch: readonly FlacFrame[],
  decoder: FlacDecoder,
  { name, bits }: { readonly name: string; readonly bits: number },
): Promise<Float32Array> {
  const { byte } = batch[0]!;
  const frames = batch.map(({ bytes }) => bytes);
  const block = await decodeFlacFrames(decoder, frames, { name, byte, bits });
  const expected = batch.reduce((sum, { header }) => sum + header.blockSize, 0);
  if (block.length === expected) return block;
  throw new CallsignError(
    "AUDIO_INVALID",
    `${name}: the FLAC frames from byte ${byte} on promise ${expected} samples, ${block.length} came out`,
  );
}
