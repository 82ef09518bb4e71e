import { Transform, type TransformCallback } from "node:stream";
import { callbackify } from "node:util";
import { toInt16, PcmDecoder, type PcmEncoding } from "@callsign/audio/internal";
import {
  SpeechMuter,
  type SpeechMuterOptions,
  type MutedAudio,
  type MutedSpan,
} from "../../muting/speech-muter.ts";
import type { Detector } from "../../detector/detector.ts";

export interface MuteTransformOptions extends SpeechMuterOptions {
  /** Encoding of the input; the output is s16le. Default `s16le`. */
  readonly encoding?: PcmEncoding;
  /** Interleaved channels, mixed to mono. Default 1. */
  readonly channels?: number;
  /** Called at the end of each mute. */
  readonly onMute?: (span: MutedSpan) => void;
  readonly signal?: AbortSignal;
}

/**
 * Creates a Node stream from PCM bytes, in pieces of any length, to the same audio with commands muted, as mono s16le at the
 * same rate. The detector is not disposed of; its errors are emitted by the stream.
 * @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED` (a rate)
 */
export function createMuteTransform(
  detector: Pick<Detector, "push" | "cards">,
  options: MuteTransformOptions = {},
): Transform {
  const { onMute, encoding = "s16le", channels = 1, signal, ...muting } = options;
  const decoder = new PcmDecoder({ encoding, channels });
  const muter = new SpeechMuter(detector, muting);
  const write = (stream: Transform, { samples, spans }: MutedAudio): void => {
    for (const span of spans) onMute?.(span);
    const audio = toInt16(samples);
    if (audio.length > 0) stream.push(Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength));
  };
  const process = callbackify(async (stream: Transform, bytes: Buffer) =>
    write(stream, await muter.push(decoder.decode(bytes))),
  );
  const end = callbackify(async (stream: Transform) => write(stream, await muter.flush()));
  return new Transform({
    ...(signal && { signal }),
    transform(bytes: Buffer, _encoding, callback: TransformCallback) {
      process(this, bytes, (error) => callback(error));
    },
    flush(callback: TransformCallback) {
      end(this, (error) => callback(error));
    },
  });
}
