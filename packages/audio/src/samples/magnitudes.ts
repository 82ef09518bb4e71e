import { INT16_SCALE } from "./audio.ts";
import { copySamples, type Pcm } from "./pcm.ts";

/*
 * Int16 magnitudes: float32 samples in -32768..32767. The log-mel graph reads them, and building data and staging
 * recordings compute in them. Everything public is in -1..1; both conversions are exact, since the scale is a power of two.
 */

/** As `copySamples`, in int16 magnitudes: what a detector does with the audio it is given. */
export function copyMagnitudes(pcm: Pcm, { name }: { readonly name: string }): Float32Array {
  const samples = copySamples(pcm, { name });
  for (let i = 0; i < samples.length; i++) samples[i]! *= INT16_SCALE;
  return samples;
}

/** Samples in -1..1 as int16 magnitudes; a new array. */
export function toMagnitudes(samples: Float32Array): Float32Array {
  const scaled = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) scaled[i] = samples[i]! * INT16_SCALE;
  return scaled;
}

/** Int16 magnitudes as samples in -1..1; a new array. */
export function fromMagnitudes(magnitudes: Float32Array): Float32Array {
  const scaled = new Float32Array(magnitudes.length);
  for (let i = 0; i < magnitudes.length; i++) scaled[i] = magnitudes[i]! / INT16_SCALE;
  return scaled;
}

/** Int16 magnitudes rounded and clipped at full scale; NaN becomes 0. A new array. */
export function roundMagnitudes(magnitudes: Float32Array): Int16Array {
  const rounded = new Int16Array(magnitudes.length);
  for (let i = 0; i < magnitudes.length; i++)
    rounded[i] = Math.max(-32768, Math.min(32767, Math.round(magnitudes[i]!)));
  return rounded;
}
