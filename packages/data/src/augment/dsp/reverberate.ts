import { convolve } from "./convolve.ts";
import { activeLevel, scaled } from "./level.ts";

/** An impulse response whose direct sound (its largest value) is at sample 0, so that nothing is delayed by it. */
export function alignImpulseResponse(response: Float32Array): Float32Array {
  let direct = 0;
  for (let i = 1; i < response.length; i++)
    if (Math.abs(response[i]!) > Math.abs(response[direct]!)) direct = i;
  return response.slice(direct);
}

/**
 * Convolves samples with an impulse response and keeps their active level and length; reverberation after the end is cut
 * off. The response must begin with its direct sound (`alignImpulseResponse`).
 */
export function reverberate(samples: Float32Array, response: Float32Array): Float32Array {
  const wet = convolve(samples, response).slice(0, samples.length);
  const level = activeLevel(wet);
  return level === 0 ? wet : scaled(wet, activeLevel(samples) / level);
}
