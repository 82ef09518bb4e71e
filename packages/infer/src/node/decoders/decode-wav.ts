import { parseWavHeader, type WavHeader } from "../../audio/wav-header.ts";
import { decodeWavFrames, wavBlockFrames } from "../../audio/wav-samples.ts";
import { CallsignError } from "../../errors.ts";
import type { ByteSource } from "./byte-source.ts";
import type { PcmStream } from "./pcm-stream.ts";

/** Decodes WAV of every kind that `readWav` reads. */
export async function decodeWav(source: ByteSource): Promise<PcmStream> {
  const parser = parseWavHeader({ name: source.name, fileLength: source.length });
  let step = parser.next();
  while (step.done !== true) step = parser.next(await source.read(step.value.offset, step.value.length));
  const header = step.value;
  return {
    sampleRateHz: header.sampleRateHz,
    expectedSamples: header.frames,
    blocks: readBlocks(source, header),
  };
}

async function* readBlocks(
  source: ByteSource,
  header: WavHeader,
): AsyncGenerator<Float32Array, void, undefined> {
  const { name } = source;
  const frameBytes = header.channels * header.bytesPerSample;
  const blockFrames = wavBlockFrames(header);
  for (let firstFrame = 0; firstFrame < header.frames; firstFrame += blockFrames) {
    const count = Math.min(blockFrames, header.frames - firstFrame);
    const offset = header.dataStart + firstFrame * frameBytes;
    const bytes = await source.read(offset, count * frameBytes);
    if (bytes.length < count * frameBytes)
      throw new CallsignError(
        "AUDIO_TRUNCATED",
        `${name}: the file became shorter while it was read, at byte ${offset}`,
      );
    const samples = new Float32Array(count);
    decodeWavFrames(bytes, samples, { header, firstFrame, name });
    yield samples;
  }
}
