import { Transform, type TransformCallback } from "node:stream";
import { callbackify } from "node:util";
import { toInt16 } from "../audio/pcm.ts";
import { PcmDecoder } from "../audio/pcm-decoder.ts";
import { AudioGate, type AudioGateOptions, type GatedAudio, type MutedSpan } from "../audio-gate.ts";
import type { Detector } from "../detector.ts";

export interface GateTransformOptions extends AudioGateOptions {
  /** Told of each mute when it ends. */
  readonly onMute?: (span: MutedSpan) => void;
}

/**
 * A Node stream: mono s16le bytes in, cut anywhere, the same bytes out with the commands muted, and as many. The detector
 * stays the caller's. Errors of the detector are the stream's.
 * @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED` (a rate)
 */
export function createGateTransform(
  detector: Pick<Detector, "push" | "card">,
  { onMute, ...options }: GateTransformOptions = {},
): Transform {
  const decoder = new PcmDecoder({ encoding: "s16le" });
  const gate = new AudioGate(detector, options);
  const letOut = (stream: Transform, { samples, spans }: GatedAudio): void => {
    for (const span of spans) onMute?.(span);
    const audio = toInt16(samples);
    if (audio.length > 0) stream.push(Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength));
  };
  const hear = callbackify(async (stream: Transform, bytes: Buffer) =>
    letOut(stream, await gate.push(decoder.decode(bytes))),
  );
  const end = callbackify(async (stream: Transform) => letOut(stream, await gate.flush()));
  return new Transform({
    transform(bytes: Buffer, _encoding, callback: TransformCallback) {
      hear(this, bytes, (error) => callback(error));
    },
    flush(callback: TransformCallback) {
      end(this, (error) => callback(error));
    },
  });
}
