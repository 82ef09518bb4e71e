import { butterworth, filter } from "./biquad.ts";
import { changeSpeed } from "./change-speed.ts";

/** Telephone and radio voice band, ITU-T G.712: 300 to 3,400 Hz. */
const VOICE_BAND_HZ = { low: 300, high: 3400 } as const;

export interface TelephoneOptions {
  readonly lowHz?: number;
  readonly highHz?: number;
  /** Encode and decode by G.711 mu-law. */
  readonly muLaw?: boolean;
  /** Resample to 8,000 Hz and back, as a telephone line does; otherwise only the band is limited. */
  readonly halfRate?: boolean;
}

/** Simulates a telephone or radio: fourth-order band-pass, then mu-law and half rate if asked for. 16 kHz in and out. */
export function telephone(samples: Float32Array, options: TelephoneOptions = {}): Float32Array {
  const { lowHz = VOICE_BAND_HZ.low, highHz = VOICE_BAND_HZ.high, muLaw = false, halfRate = false } = options;
  const band = filter(samples, [
    ...butterworth("high-pass", { order: 4, frequencyHz: lowHz, sampleRateHz: 16_000 }),
    ...butterworth("low-pass", { order: 4, frequencyHz: highHz, sampleRateHz: 16_000 }),
  ]);
  if (!halfRate) return muLaw ? throughMuLaw(band) : band;
  // One more sample than half, so that an odd length comes back whole.
  const padded = new Float32Array(band.length + (band.length % 2));
  padded.set(band);
  const half = changeSpeed(padded, 2);
  return changeSpeed(muLaw ? throughMuLaw(half) : half, 0.5).slice(0, samples.length);
}

/**
 * ITU-T G.711 (11/1988) mu-law: the 8-bit code of an int16 magnitude, as sent on the line (positive full scale is
 * 0x80, zero 0xFF). G.711 has 14 bits; int16 carries two more below, which are dropped (rounded towards zero).
 */
export function muLawEncode(sample: number): number {
  const sign = sample < 0 ? 0x00 : 0x80;
  const magnitude = Math.min(CLIP, Math.floor(Math.abs(sample) / 4)) + BIAS;
  const segment = 26 - Math.clz32(magnitude);
  const interval = (magnitude >> (segment + 1)) & 0x0f;
  // All bits but the sign are inverted on the line.
  return sign | (~((segment << 4) | interval) & 0x7f);
}

/** The int16 magnitude a code stands for: the middle of its interval. */
export function muLawDecode(code: number): number {
  const bits = ~code & 0x7f;
  const segment = bits >> 4;
  const magnitude = ((((bits & 0x0f) << 1) + BIAS) << segment) - BIAS;
  return (code & 0x80) !== 0 ? 4 * magnitude : 0 - 4 * magnitude;
}

/** A new array: every sample encoded and decoded again. */
export function throughMuLaw(samples: Float32Array): Float32Array {
  const output = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) output[i] = DECODED[muLawEncode(samples[i]!)]!;
  return output;
}

/** Half the first segment's 33-step offset, which makes all segments alike. */
const BIAS = 33;
/** Largest 14-bit magnitude that still has a code. */
const CLIP = 8158;
const DECODED = Float32Array.from({ length: 256 }, (_, code) => muLawDecode(code));
