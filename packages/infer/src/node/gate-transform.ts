import { Transform, type TransformCallback } from "node:stream";
import { callbackify } from "node:util";
import { toInt16 } from "../audio/pcm.ts";
import { PcmDecoder, type PcmEncoding } from "../audio/pcm-decoder.ts";
import { AudioGate, type AudioGateOptions, type GatedAudio, type MutedSpan } from "../audio-gate.ts";
import type { Detector } from "../detector.ts";

export interface GateTransformOptions extends AudioGateOptions {
  /** Of the bytes that come in; those that go out are s16le. Default `s16le`. */
  readonly encoding?: PcmEncoding;
  /** Interleaved, mixed to mono. Default 1. */
  readonly channels?: number;
  /** Called with each mute when it ends. */
  readonly onMute?: (span: MutedSpan) => void;
  readonly signal?: AbortSignal;
}

/**
 * A Node stream: PCM bytes in, cut anywhere, the same audio out with the commands muted, as mono s16le at the same
 * rate. The caller disposes of the detector. Errors of the detector are the stream's.
 * @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED` (a rate)
 */
export function createGateTransform(
  detector: Pick<Detector, "push" | "card">,
  options: GateTransformOptions = {},
): Transform {
  const { onMute, encoding = "s16le", channels = 1, signal, ...gating } = options;
  const decoder = new PcmDecoder({ encoding, channels });
  const gate = new AudioGate(detector, gating);
  const write = (stream: Transform, { samples, spans }: GatedAudio): void => {
    for (const span of spans) onMute?.(span);
    const audio = toInt16(samples);
    if (audio.length > 0) stream.push(Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength));
  };
  const process = callbackify(async (stream: Transform, bytes: Buffer) =>
    write(stream, await gate.push(decoder.decode(bytes))),
  );
  const end = callbackify(async (stream: Transform) => write(stream, await gate.flush()));
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
