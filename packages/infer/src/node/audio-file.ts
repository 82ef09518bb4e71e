import type { Audio } from "../audio/audio.ts";
import { Resampler } from "../audio/resampler.ts";
import { CallsignError } from "../errors.ts";
import { type ByteSource, fileSource, memorySource } from "./decoders/byte-source.ts";
import { openAudio } from "./decoders/open-audio.ts";

export interface ReadAudioOptions {
  /** Rate to convert to. Default 16,000. */
  readonly sampleRateHz?: number;
  /** Longer audio is refused, before it is decoded where its header tells. Default 7200. */
  readonly maxSeconds?: number;
  readonly signal?: AbortSignal;
}

/**
 * Reads a whole audio file as mono at the given rate: WAV, MP3, FLAC, Ogg Vorbis, Ogg Opus and Ogg FLAC, told apart
 * by content. Damage anywhere is an error, never silence.
 * @throws CallsignError `FILE_NOT_FOUND`, `AUDIO_EMPTY`, `AUDIO_INVALID`, `AUDIO_NOT_FINITE`, `AUDIO_TOO_LONG`,
 * `AUDIO_TRUNCATED`, `AUDIO_UNSUPPORTED`, `ABORTED`
 */
export async function readAudioFile(path: string, options: ReadAudioOptions = {}): Promise<Audio> {
  return readAll(await fileSource(path), options);
}

/** Like `readAudioFile`, from memory; `name` stands for the file in messages. */
export async function decodeAudio(
  bytes: Uint8Array,
  { name = "audio data", ...options }: ReadAudioOptions & { readonly name?: string } = {},
): Promise<Audio> {
  return readAll(memorySource(bytes, name), options);
}

export interface ReadAudioChunksOptions {
  /** Rate to convert to. Default 16,000. */
  readonly sampleRateHz?: number;
  /** Samples in each chunk; the last may have fewer. Default 16,000. */
  readonly chunkLength?: number;
  readonly signal?: AbortSignal;
}

/**
 * Reads an audio file of any length in constant memory, chunk by chunk: strung together they are exactly what
 * `readAudioFile` gives. Each chunk is a new array. Errors as there, damage when it is reached.
 */
export async function* readAudioChunks(
  path: string,
  { sampleRateHz = 16_000, chunkLength = 16_000, signal }: ReadAudioChunksOptions = {},
): AsyncGenerator<Float32Array, void, undefined> {
  if (!Number.isSafeInteger(chunkLength) || chunkLength < 1)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${path}: expected a chunkLength of 1 or more, got ${chunkLength}`,
    );
  const source = await fileSource(path);
  try {
    let chunk = new Float32Array(chunkLength);
    let filled = 0;
    for await (const block of readBlocks(source, { sampleRateHz, maxSeconds: Infinity, signal })) {
      for (let at = 0; at < block.length;) {
        const count = Math.min(chunkLength - filled, block.length - at);
        chunk.set(block.subarray(at, at + count), filled);
        at += count;
        filled += count;
        if (filled < chunkLength) continue;
        yield chunk;
        chunk = new Float32Array(chunkLength);
        filled = 0;
      }
    }
    if (filled > 0) yield chunk.slice(0, filled);
  } finally {
    await source.close();
  }
}

async function readAll(source: ByteSource, options: ReadAudioOptions): Promise<Audio> {
  const { sampleRateHz = 16_000, maxSeconds = 7200, signal } = options;
  try {
    const blocks: Float32Array[] = [];
    let length = 0;
    for await (const block of readBlocks(source, { sampleRateHz, maxSeconds, signal })) {
      blocks.push(block);
      length += block.length;
    }
    const samples = new Float32Array(length);
    let at = 0;
    for (const block of blocks) {
      samples.set(block, at);
      at += block.length;
    }
    return { samples, sampleRateHz };
  } finally {
    await source.close();
  }
}

interface BlockOptions {
  readonly sampleRateHz: number;
  readonly maxSeconds: number;
  readonly signal: AbortSignal | undefined;
}

/** Decoded and resampled audio, a block at a time, as it comes. */
async function* readBlocks(
  source: ByteSource,
  { sampleRateHz, maxSeconds, signal }: BlockOptions,
): AsyncGenerator<Float32Array, void, undefined> {
  const { name } = source;
  checkAborted(signal, name);
  const stream = await openAudio(source);
  const resampler = createResampler(name, { fromHz: stream.sampleRateHz, toHz: sampleRateHz });
  const most = maxSeconds * stream.sampleRateHz;
  let decoded = stream.expectedSamples ?? 0;
  if (decoded <= most) decoded = 0;
  else throw tooLong(name, { samples: decoded, sampleRateHz: stream.sampleRateHz, maxSeconds });
  for await (const block of stream.blocks) {
    checkAborted(signal, name);
    decoded += block.length;
    if (decoded > most)
      throw tooLong(name, { samples: decoded, sampleRateHz: stream.sampleRateHz, maxSeconds });
    yield resampler.push(block);
  }
  if (decoded === 0) throw new CallsignError("AUDIO_EMPTY", `${name}: the audio has no samples`);
  yield resampler.flush();
}

function createResampler(name: string, rates: { fromHz: number; toHz: number }): Resampler {
  try {
    return new Resampler(rates);
  } catch (cause) {
    if (!(cause instanceof CallsignError)) throw cause;
    throw new CallsignError(cause.code, `${name}: ${cause.message}`, { cause });
  }
}

function tooLong(
  name: string,
  { samples, sampleRateHz, maxSeconds }: { samples: number; sampleRateHz: number; maxSeconds: number },
): CallsignError {
  const seconds = (samples / sampleRateHz).toFixed(1);
  return new CallsignError(
    "AUDIO_TOO_LONG",
    `${name}: ${seconds} s of audio or more, the limit is ${maxSeconds} s; raise maxSeconds or read it in chunks`,
  );
}

function checkAborted(signal: AbortSignal | undefined, name: string): void {
  if (signal?.aborted !== true) return;
  throw new CallsignError("ABORTED", `${name}: reading was stopped`, { cause: signal.reason });
}
