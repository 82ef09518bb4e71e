import { createReadStream } from "node:fs";
import { addAbortSignal } from "node:stream";

import {
  type AudioNote,
  CallsignError,
  PCM_ENCODINGS,
  PcmDecoder,
  type PcmEncoding,
  Resampler,
  SAMPLE_RATE_HZ,
} from "@callsign/audio/internal";
import { type Command, Option } from "commander";

import type { CliContext } from "../context.ts";
import { parseCount } from "./numbers.ts";

/** Flags that describe raw samples; if one is given, the input is read as raw samples. */
export interface RawFlags {
  readonly rate?: number;
  readonly encoding?: PcmEncoding;
  readonly channels?: number;
}

/** Declares the flags of `RawFlags`. */
export function addRawOptions(command: Command): Command {
  return command
    .optionsGroup("Raw input:")
    .option(
      "--rate <hz>",
      "sample rate of raw input (default: 16000); input is raw if this or one of the next two flags is given",
      parseCount,
    )
    .addOption(
      new Option("--encoding <name>", "sample format of raw input (default: s16le)").choices(PCM_ENCODINGS),
    )
    .option(
      "--channels <count>",
      "channels of raw input, interleaved; they are mixed to mono (default: 1)",
      parseCount,
    )
    .optionsGroup("Options:");
}

/** Name of an input in messages. */
const nameOf = (input: string): string => (input === "-" ? "standard input" : input);

/**
 * Reads 16 kHz mono chunks in -1..1 from a file, pipe or device, or from standard input for `-`.
 * Standard input is passed on as it arrives, in chunks of at most 80 ms.
 * @throws CallsignError as `readAudioChunks`
 */
export async function* readInput(
  context: CliContext,
  input: string,
  { raw, onNote }: { readonly raw: RawFlags; readonly onNote: (note: AudioNote) => void },
): AsyncGenerator<Float32Array> {
  const { readAudioChunks } = await import("@callsign/audio/node/internal");
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
  // Aborting must end the wait for a pipe that sends nothing.
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
  const { rate = SAMPLE_RATE_HZ, encoding = "s16le", channels = 1 } = raw;
  const decoder = new PcmDecoder({ encoding, channels });
  const resampler = new Resampler({ fromHz: rate, toHz: SAMPLE_RATE_HZ });
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
      message: `${name}: the last ${decoder.pendingBytes} bytes are not a whole sample and were ignored`,
    });
  yield resampler.flush();
}
