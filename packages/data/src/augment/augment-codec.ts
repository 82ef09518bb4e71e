import type { AugmentConfig } from "../config/augment-config.ts";
import type { Random } from "../random.ts";
import { throughOpus } from "./dsp/opus.ts";

/**
 * Passes some of the augmented audio through Opus, the last step after `augmentChannel`. Timing and length do not change.
 * Apart from the other steps, since the codec is opened asynchronously.
 */
export async function augmentCodec(
  samples: Float32Array,
  { config: { opus }, random }: { readonly config: Pick<AugmentConfig, "opus">; readonly random: Random },
): Promise<Float32Array> {
  const own = random.fork("opus");
  if (own.next() >= opus.probability) return samples;
  return throughOpus(samples, { bitrate: Math.round(own.uniform(...opus.bitrate)) });
}
