import { butterworth, filter } from "./biquad.ts";
import { changeSpeed } from "./change-speed.ts";
import { throughMuLaw } from "./mu-law.ts";

/** Telephone and radio voice band, ITU-T G.712: 300 to 3,400 Hz. */
const VOICE_BAND_HZ = { low: 300, high: 3400 } as const;

export interface TelephoneOptions {
  readonly lowHz?: number;
  readonly highHz?: number;
  /** Encode and decode by G.711 mu-law. */
  readonly muLaw?: boolean;
  /** Down to 8,000 Hz and back, as on the line; otherwise the band alone is cut. */
  readonly halfRate?: boolean;
}

/** Speech as it comes out of a telephone or radio: fourth-order band-pass, and what else is asked for. 16 kHz in and out. */
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
