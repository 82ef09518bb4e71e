import { Transform, type TransformCallback } from "node:stream";
import { callbackify } from "node:util";
import { PcmDecoder, type PcmEncoding, Resampler, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Detection } from "../../detector/decision.ts";
import type { DetectionSource } from "../../detector/detections.ts";

export interface DetectionTransformOptions {
  /** Default `s16le`. */
  readonly encoding?: PcmEncoding;
  /** Sample rate of the input, which is resampled to 16 kHz. Default 16,000. */
  readonly sampleRateHz?: number;
  /** Interleaved channels, mixed to mono. Default 1. */
  readonly channels?: number;
  readonly signal?: AbortSignal;
}

/**
 * Creates a Node stream from PCM bytes, in pieces of any length, to detections as objects, with back-pressure. The detector is
 * not disposed of; its errors are emitted by the stream.
 * @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED` (a rate)
 */
export function createDetectionTransform(
  detector: DetectionSource<Detection>,
  options: DetectionTransformOptions = {},
): Transform {
  const { encoding = "s16le", sampleRateHz = SAMPLE_RATE_HZ, channels = 1, signal } = options;
  const decoder = new PcmDecoder({ encoding, channels });
  const resampler = new Resampler({ fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
  const process = callbackify(async (stream: Transform, samples: Float32Array) => {
    for (const step of await detector.push(samples)) for (const one of step.detections) stream.push(one);
  });
  return new Transform({
    readableObjectMode: true,
    ...(signal && { signal }),
    transform(bytes: Buffer, _encoding, callback: TransformCallback) {
      process(this, resampler.push(decoder.decode(bytes)), (error) => callback(error));
    },
    flush(callback: TransformCallback) {
      process(this, resampler.flush(), (error) => callback(error));
    },
  });
}
