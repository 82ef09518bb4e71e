import { changeSpeed } from "./change-speed.ts";
import { timeScale } from "./time-scale.ts";

/**
 * Raises the pitch by `semitones` (negative lowers it) and keeps the length: first longer at the same pitch, then
 * played faster. Formants move along, as with a smaller speaker.
 */
export function shiftPitch(samples: Float32Array, semitones: number): Float32Array {
  const factor = 2 ** (semitones / 12);
  const shifted = changeSpeed(timeScale(samples, factor), factor);
  // Two roundings may leave one sample too many or too few.
  if (shifted.length === samples.length) return shifted;
  const exact = new Float32Array(samples.length);
  exact.set(shifted.subarray(0, samples.length));
  return exact;
}
