import type { Audio } from "../samples/audio.ts";
import { type AudioNote, AudioNotes } from "../samples/audio-notes.ts";
import { clip, joinFloats } from "../samples/pcm.ts";
import { Resampler } from "../resample/resampler.ts";
import { CallsignError } from "../errors.ts";
import { type ByteSource, memorySource, pathSource, streamSource } from "./decoders/byte-source.ts";
import { decodeBlocks } from "./decoders/decode-blocks.ts";

/** Source of audio: path of a file, pipe or device (`/dev/stdin`), or a stream of the bytes of a file such as `process.stdin`. */
export type AudioInput = string | AsyncIterable<Uint8Array>;

export interface DecodeOptions {
  /** Sample rate of the result. Default 16,000. */
  readonly sampleRateHz?: number;
  /** Name in messages. Default the path, or "audio data". */
  readonly name?: string;
  /** Receives notes on lost or assumed data: a truncated or damaged file is read as far as possible. */
  readonly onNote?: (note: AudioNote) => void;
  readonly signal?: AbortSignal;
}

export interface ReadAudioOptions extends DecodeOptions {
  /** Length limit, applied before decoding if the header states the length. Default 7200. */
  readonly maxSeconds?: number;
}

/**
 * Reads a whole audio file as mono at the given rate. The format is detected from the content: WAV, MP3, FLAC, Ogg Vorbis, Ogg
 * Opus and Ogg FLAC, and M4A, WebM and others if the program ffmpeg is on the PATH. Like players, it decodes what it can;
 * `onNote` receives notes on lost data. What is above full scale is clipped. Only a file without any audio or with samples that
 * are not finite is an error.
 * @throws CallsignError `FILE_NOT_FOUND`, `AUDIO_EMPTY`, `AUDIO_INVALID`, `AUDIO_NOT_FINITE`, `AUDIO_TOO_LONG`,
 * `AUDIO_TRUNCATED`, `AUDIO_UNSUPPORTED`, `ABORTED`
 */
export async function readAudioFile(input: AudioInput, options: ReadAudioOptions = {}): Promise<Audio> {
  return readAll(await openSource(input, options), options);
}

/** Decodes an audio file in memory, like `readAudioFile`. */
export async function decodeAudio(bytes: Uint8Array, options: ReadAudioOptions = {}): Promise<Audio> {
  return readAll(memorySource(bytes, options.name ?? "audio data"), options);
}

export interface ReadAudioChunksOptions extends DecodeOptions {
  /** Samples per chunk; the last may be shorter. Default 16,000. */
  readonly chunkLength?: number;
}

/**
 * Reads audio of any length in constant memory, chunk by chunk as it arrives. The concatenated chunks equal the result of
 * `readAudioFile`, and so do the errors, thrown when they are reached. Each chunk is a new array.
 */
export async function* readAudioChunks(
  input: AudioInput,
  { chunkLength = 16_000, ...options }: ReadAudioChunksOptions = {},
): AsyncGenerator<Float32Array, void, undefined> {
  if (!Number.isSafeInteger(chunkLength) || chunkLength < 1)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${nameOf(input, options)}: expected a chunkLength of 1 or more, got ${chunkLength}`,
    );
  const source = await openSource(input, options);
  try {
    let chunk = new Float32Array(chunkLength);
    let filled = 0;
    for await (const block of readBlocks(source, { ...options, maxSeconds: Infinity })) {
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

const nameOf = (input: AudioInput, { name }: DecodeOptions): string =>
  name ?? (typeof input === "string" ? input : "audio data");

async function openSource(input: AudioInput, options: DecodeOptions): Promise<ByteSource> {
  const name = nameOf(input, options);
  checkAborted(options.signal, name);
  return typeof input === "string" ? pathSource(input, name) : streamSource(input, name);
}

async function readAll(source: ByteSource, options: ReadAudioOptions): Promise<Audio> {
  const { sampleRateHz = 16_000, maxSeconds = 7200 } = options;
  try {
    const blocks: Float32Array[] = [];
    for await (const block of readBlocks(source, { ...options, maxSeconds })) blocks.push(block);
    return { samples: joinFloats(blocks), sampleRateHz };
  } finally {
    await source.close();
  }
}

/** Yields decoded and resampled audio in blocks. */
async function* readBlocks(
  source: ByteSource,
  options: DecodeOptions & { readonly maxSeconds: number },
): AsyncGenerator<Float32Array, void, undefined> {
  const { sampleRateHz = 16_000, maxSeconds, signal } = options;
  const { name } = source;
  const notes = new AudioNotes(name, options.onNote);
  let resampler: Resampler | undefined;
  let rateHz = 0;
  let seconds = 0;
  for await (const block of decodeBlocks(source, { notes, signal, sampleRateHz })) {
    checkAborted(signal, name);
    const known = seconds + (block.expectedSamples ?? 0) / block.sampleRateHz;
    if (known > maxSeconds) throw tooLong(name, { seconds: known, maxSeconds });
    if (block.samples.length === 0) continue;
    seconds += block.samples.length / block.sampleRateHz;
    if (seconds > maxSeconds) throw tooLong(name, { seconds, maxSeconds });
    if (resampler === undefined || rateHz !== block.sampleRateHz) {
      if (resampler !== undefined) yield resampler.flush();
      rateHz = block.sampleRateHz;
      resampler = createResampler(name, { fromHz: rateHz, toHz: sampleRateHz });
    }
    // A lossy codec decodes loud audio to more than full scale, which players clip.
    clip(block.samples);
    yield resampler.push(block.samples);
  }
  checkAborted(signal, name);
  const lost = notes.finish();
  if (resampler === undefined) throw nothingDecoded(name, lost);
  yield resampler.flush();
}

function nothingDecoded(name: string, lost: AudioNote | undefined): CallsignError {
  if (lost === undefined) return new CallsignError("AUDIO_EMPTY", `${name}: the audio has no samples`);
  return new CallsignError(
    lost.code === "truncated" ? "AUDIO_TRUNCATED" : "AUDIO_INVALID",
    `${name}: no audio could be decoded: ${lost.message.slice(name.length + 2)}`,
  );
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
  { seconds, maxSeconds }: { readonly seconds: number; readonly maxSeconds: number },
): CallsignError {
  return new CallsignError(
    "AUDIO_TOO_LONG",
    `${name}: ${seconds.toFixed(1)} s of audio or more, the limit is ${maxSeconds} s; raise maxSeconds or read it in chunks`,
  );
}

function checkAborted(signal: AbortSignal | undefined, name: string): void {
  if (signal?.aborted !== true) return;
  throw new CallsignError("ABORTED", `${name}: reading was stopped`, { cause: signal.reason });
}
