import type { Audio } from "./audio.ts";
import { parseWavHeader, type WavHeader } from "./wav-header.ts";
import { decodeWavFrames, wavBlockFrames } from "./wav-samples.ts";

/**
 * Reads a WAV file from memory: integers of 8 to 32 bits, floats of 32 and 64, any rate (kept as it is) and any
 * number of channels (mixed to mono by their mean), WAVE_FORMAT_EXTENSIBLE and RF64. `name` appears in messages.
 * @throws CallsignError `AUDIO_EMPTY`, `AUDIO_INVALID`, `AUDIO_NOT_FINITE`, `AUDIO_TRUNCATED`, `AUDIO_UNSUPPORTED`
 */
export function readWav(bytes: Uint8Array, { name = "WAV data" }: { readonly name?: string } = {}): Audio {
  const header = readHeader(bytes, name);
  const { dataStart, frames, sampleRateHz } = header;
  const frameBytes = header.channels * header.bytesPerSample;
  // `frames` was checked against the bytes that are really there.
  const samples = new Float32Array(frames);
  const blockFrames = wavBlockFrames(header);
  for (let first = 0; first < frames; first += blockFrames) {
    const end = Math.min(frames, first + blockFrames);
    const block = bytes.subarray(dataStart + first * frameBytes, dataStart + end * frameBytes);
    decodeWavFrames(block, samples.subarray(first, end), { header, firstFrame: first, name });
  }
  return { samples, sampleRateHz };
}

function readHeader(bytes: Uint8Array, name: string): WavHeader {
  const parser = parseWavHeader({ name, fileLength: bytes.length });
  let step = parser.next();
  while (step.done !== true) {
    const { offset, length } = step.value;
    step = parser.next(bytes.subarray(offset, offset + length));
  }
  return step.value;
}
