import type { Audio } from "../audio/audio.ts";
import { type AudioNote, AudioNotes } from "../audio/audio-notes.ts";
import { joinFloats } from "../audio/pcm.ts";
import { Resampler } from "../audio/resampler.ts";
import { CallsignError } from "../errors.ts";
import { type ByteSource, memorySource, pathSource, streamSource } from "./decoders/byte-source.ts";
import { decodeBlocks } from "./decoders/decode-blocks.ts";

/**
 * Where audio is read from: the path of a file, a pipe or a device (`/dev/stdin`), or a stream of the bytes of a file,
 * such as `process.stdin`.
 */
export type AudioInput = string | AsyncIterable<Uint8Array>;

interface DecodeOptions {
  /** Rate to convert to. Default 16,000. */
  readonly sampleRateHz?: number;
  /** Stands for the file in messages. Default: its path, or "audio data". */
  readonly name?: string;
  /** Receives what was lost or assumed: a file that is cut or damaged is read as far as it can be. */
  readonly onNote?: (note: AudioNote) => void;
  readonly signal?: AbortSignal;
}

export interface ReadAudioOptions extends DecodeOptions {
  /** Longer audio is refused, before it is decoded where its header tells. Default 7200. */
  readonly maxSeconds?: number;
}

/**
 * Reads a whole audio file as mono at the given rate: WAV, MP3, FLAC, Ogg Vorbis, Ogg Opus and Ogg FLAC, told apart
 * by content; M4A, WebM and others through the program ffmpeg, where it is on the PATH. As players do, it reads what
 * can be decoded; `onNote` receives what was lost. Refused is what holds no audio, and samples that are not numbers.
 * @throws CallsignError `FILE_NOT_FOUND`, `AUDIO_EMPTY`, `AUDIO_INVALID`, `AUDIO_NOT_FINITE`, `AUDIO_TOO_LONG`,
 * `AUDIO_TRUNCATED`, `AUDIO_UNSUPPORTED`, `ABORTED`
 */
export async function readAudioFile(input: AudioInput, options: ReadAudioOptions = {}): Promise<Audio> {
  return readAll(await openSource(input, options), options);
}

/** Like `readAudioFile`, from memory. */
export async function decodeAudio(bytes: Uint8Array, options: ReadAudioOptions = {}): Promise<Audio> {
  return readAll(memorySource(bytes, options.name ?? "audio data"), options);
}

export interface ReadAudioChunksOptions extends DecodeOptions {
  /** Samples in each chunk; the last may have fewer. Default 16,000. */
  readonly chunkLength?: number;
}

/**
 * Reads audio of any length in constant memory, chunk by chunk as it arrives: strung together they are exactly what
 * `readAudioFile` gives. Each chunk is a new array. Errors as there, those of the samples when they are reached.
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

/** Decoded and resampled audio, a block at a time, as it comes. */
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
  for await (const block of decodeBlocks(source, { notes, signal })) {
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
