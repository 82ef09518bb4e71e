import { createReadStream } from "node:fs";
import { addAbortSignal } from "node:stream";

import {
  type AudioNote,
  CallsignError,
  PCM_ENCODINGS,
  PcmDecoder,
  type PcmEncoding,
  Resampler,
} from "@callsign/infer";
import { type Command, Option } from "commander";

import type { CliContext } from "./context.ts";
import { parseCount } from "./parse-number.ts";

/** The flags that describe raw samples; with any of them the input has no header. */
export interface RawFlags {
  readonly rate?: number;
  readonly encoding?: PcmEncoding;
  readonly channels?: number;
}

/** Declares the flags of `RawFlags`. */
export function addRawOptions(command: Command): Command {
  return command
    .option(
      "--rate <hz>",
      "the input is raw samples at this rate (default with another of these: 16000)",
      parseCount,
    )
    .addOption(new Option("--encoding <name>", "of raw samples (default: s16le)").choices(PCM_ENCODINGS))
    .option("--channels <count>", "of raw samples, interleaved; mixed to mono (default: 1)", parseCount);
}

/** What is printed for an input: `-` is standard input. */
const nameOf = (input: string): string => (input === "-" ? "standard input" : input);

/**
 * Reads a recording as 16 kHz mono chunks in int16 magnitudes: a file, a pipe or a device by its path, or standard input for `-`.
 * What comes through standard input is passed on as it arrives, at most 80 ms late.
 * @throws CallsignError as `readAudioChunks`
 */
export async function* readInput(
  context: CliContext,
  input: string,
  { raw, onNote }: { readonly raw: RawFlags; readonly onNote: (note: AudioNote) => void },
): AsyncGenerator<Float32Array> {
  const { readAudioChunks } = await import("@callsign/infer/node");
  const name = nameOf(input);
  const { signal } = context;
  const isRaw = raw.rate !== undefined || raw.encoding !== undefined || raw.channels !== undefined;
  if (isRaw) {
    const bytes = input === "-" ? stdinOf(context) : createReadStream(input, { signal });
    yield* readRaw(bytes, { name, raw, onNote, signal });
  } else if (input === "-")
    yield* readAudioChunks(stdinOf(context), { name, onNote, signal, chunkLength: 1280 });
  else yield* readAudioChunks(input, { onNote, signal });
}

function stdinOf({ stdin, signal }: CliContext): AsyncIterable<Uint8Array> {
  const stream = stdin?.();
  // An interruption ends the wait for a silent pipe.
  if (stream !== undefined && !("isTTY" in stream && stream.isTTY === true))
    return addAbortSignal(signal, stream);
  throw new CallsignError(
    "INVALID_ARGUMENT",
    "standard input is a terminal: pipe a recording into it, such as: cat call.wav | callsign detect - --model DIR",
  );
}

interface RawInput {
  readonly name: string;
  readonly raw: RawFlags;
  readonly onNote: (note: AudioNote) => void;
  readonly signal: AbortSignal;
}

async function* readRaw(
  bytes: AsyncIterable<Uint8Array>,
  { name, raw, onNote, signal }: RawInput,
): AsyncGenerator<Float32Array> {
  const { rate = 16_000, encoding = "s16le", channels = 1 } = raw;
  const decoder = new PcmDecoder({ encoding, channels });
  const resampler = new Resampler({ fromHz: rate, toHz: 16_000 });
  let length = 0;
  try {
    for await (const part of bytes) {
      length += part.length;
      yield resampler.push(decoder.decode(part));
    }
  } catch (cause) {
    if (signal.aborted) throw new CallsignError("ABORTED", `${name}: reading was stopped`, { cause });
    if (cause instanceof CallsignError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${name}: cannot be read: ${reason}`, { cause });
  }
  if (length === 0) throw new CallsignError("AUDIO_EMPTY", `${name}: the audio has no samples`);
  if (decoder.pendingBytes > 0)
    onNote({
      code: "truncated",
      message: `${name}: the last ${decoder.pendingBytes} bytes are no whole sample and were left out`,
    });
  yield resampler.flush();
}
