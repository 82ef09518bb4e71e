import type { AugmentConfig } from "../config/augment-config.ts";
import type { Random } from "../random.ts";
import { throughOpus } from "./dsp/opus.ts";

/**
 * Encodes and decodes the audio with Opus, with the configured probability: the last step, after `augmentChannel`. Timing and
 * length do not change. Separate from the other steps because opening the codec is asynchronous.
 */
export async function augmentCodec(
  samples: Float32Array,
  { config: { opus }, random }: { readonly config: Pick<AugmentConfig, "opus">; readonly random: Random },
): Promise<Float32Array> {
  const own = random.fork("opus");
  if (own.next() >= opus.probability) return samples;
  return throughOpus(samples, { bitrate: Math.round(own.uniform(...opus.bitrate)) });
}
