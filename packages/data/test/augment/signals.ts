/** Signals with known properties, and what the tests measure on them. 16 kHz throughout. */
export const SAMPLE_RATE_HZ = 16_000;

export const tone = (
  frequencyHz: number,
  { length, amplitude = 8000 }: { length: number; amplitude?: number },
): Float32Array =>
  Float32Array.from(
    { length },
    (_, i) => amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / SAMPLE_RATE_HZ),
  );

/** Pulses at a pitch through one resonance: a vowel with a single formant. */
export function vowel({
  pitchHz,
  formantHz,
  length,
}: {
  pitchHz: number;
  formantHz: number;
  length: number;
}): Float32Array {
  const radius = Math.exp((-Math.PI * 120) / SAMPLE_RATE_HZ);
  const a1 = 2 * radius * Math.cos((2 * Math.PI * formantHz) / SAMPLE_RATE_HZ);
  const a2 = -radius * radius;
  const samples = new Float32Array(length);
  const period = SAMPLE_RATE_HZ / pitchHz;
  for (let i = 0; i < length; i++) {
    const pulse = Math.floor(i / period) === Math.floor((i - 1) / period) ? 0 : 3000;
    samples[i] = pulse + a1 * (samples[i - 1] ?? 0) + a2 * (samples[i - 2] ?? 0);
  }
  return samples;
}

/** Amplitude of one frequency, by correlation with a sine and cosine under a Hann window. */
export function amplitudeAt(samples: Float32Array, frequencyHz: number): number {
  let re = 0;
  let im = 0;
  let weight = 0;
  for (let i = 0; i < samples.length; i++) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / samples.length);
    const angle = (2 * Math.PI * frequencyHz * i) / SAMPLE_RATE_HZ;
    re += hann * samples[i]! * Math.cos(angle);
    im += hann * samples[i]! * Math.sin(angle);
    weight += hann;
  }
  return (2 * Math.hypot(re, im)) / weight;
}

/** The strongest frequency between two, on a grid of `stepHz`. */
export function strongestHz(
  samples: Float32Array,
  { fromHz, toHz, stepHz }: { fromHz: number; toHz: number; stepHz: number },
): number {
  let best = fromHz;
  let most = -1;
  for (let frequency = fromHz; frequency <= toHz; frequency += stepHz) {
    const amplitude = amplitudeAt(samples, frequency);
    if (amplitude <= most) continue;
    most = amplitude;
    best = frequency;
  }
  return best;
}

export const decibels = (ratio: number): number => 20 * Math.log10(ratio);

export const rmsOf = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
