/**
 * A second-order filter, y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2], normalized so that a0 is 1.
 */
export interface Biquad {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
}

/** The shapes of R. Bristow-Johnson's Audio EQ Cookbook (W3C note, 2021) that are used here. */
export type BiquadShape = "low-pass" | "high-pass" | "peaking" | "low-shelf" | "high-shelf";

export interface BiquadOptions {
  readonly frequencyHz: number;
  /** Quality factor; for the shelves too, where 1/sqrt(2) is the steepest without a bump. */
  readonly q: number;
  /** Gain at the centre (peaking) or beyond the corner (shelves). */
  readonly gainDb?: number;
  readonly sampleRateHz: number;
}

/** Coefficients by the Audio EQ Cookbook. */
export function designBiquad(shape: BiquadShape, options: BiquadOptions): Biquad {
  const { frequencyHz, q, gainDb = 0, sampleRateHz } = options;
  const turn = (2 * Math.PI * frequencyHz) / sampleRateHz;
  const cos = Math.cos(turn);
  const alpha = Math.sin(turn) / (2 * q);
  const amplitude = 10 ** (gainDb / 40);
  return designs[shape]({ cos, alpha, amplitude });
}

interface Terms {
  readonly cos: number;
  readonly alpha: number;
  readonly amplitude: number;
}

const designs: Readonly<Record<BiquadShape, (terms: Terms) => Biquad>> = {
  "low-pass": ({ cos, alpha }) =>
    normalize([(1 - cos) / 2, 1 - cos, (1 - cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]),
  "high-pass": ({ cos, alpha }) =>
    normalize([(1 + cos) / 2, -(1 + cos), (1 + cos) / 2], [1 + alpha, -2 * cos, 1 - alpha]),
  peaking: ({ cos, alpha, amplitude }) =>
    normalize(
      [1 + alpha * amplitude, -2 * cos, 1 - alpha * amplitude],
      [1 + alpha / amplitude, -2 * cos, 1 - alpha / amplitude],
    ),
  "low-shelf": shelf,
  "high-shelf": (terms) => {
    // The high shelf is the low one mirrored at a quarter of the sample rate.
    const { b0, b1, b2, a1, a2 } = shelf({ ...terms, cos: -terms.cos });
    return { b0, b1: -b1, b2, a1: -a1, a2 };
  },
};

function shelf({ amplitude: a, alpha, cos }: { amplitude: number; alpha: number; cos: number }): Biquad {
  const slope = 2 * Math.sqrt(a) * alpha;
  return normalize(
    [
      a * (a + 1 - (a - 1) * cos + slope),
      2 * a * (a - 1 - (a + 1) * cos),
      a * (a + 1 - (a - 1) * cos - slope),
    ],
    [a + 1 + (a - 1) * cos + slope, -2 * (a - 1 + (a + 1) * cos), a + 1 + (a - 1) * cos - slope],
  );
}

function normalize(b: readonly [number, number, number], a: readonly [number, number, number]): Biquad {
  return { b0: b[0] / a[0], b1: b[1] / a[0], b2: b[2] / a[0], a1: a[1] / a[0], a2: a[2] / a[0] };
}

/** Applies filters one after another, from rest and in float64. Returns a new array. */
export function filter(samples: Float32Array, biquads: readonly Biquad[]): Float32Array {
  const output = samples.slice();
  for (const biquad of biquads) filterInPlace(output, biquad);
  return output;
}

/** Transposed direct form II, which has the lowest rounding noise. */
function filterInPlace(samples: Float32Array, { b0, b1, b2, a1, a2 }: Biquad): void {
  let s1 = 0;
  let s2 = 0;
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i]!;
    const y = b0 * x + s1;
    s1 = b1 * x - a1 * y + s2;
    s2 = b2 * x - a2 * y;
    samples[i] = y;
  }
}

/** Biquads of a Butterworth filter of even order: the Qs are 1 / (2 cos of the angles of its poles). */
export function butterworth(
  shape: "low-pass" | "high-pass",
  { order, frequencyHz, sampleRateHz }: { order: number; frequencyHz: number; sampleRateHz: number },
): Biquad[] {
  return Array.from({ length: order / 2 }, (_, i) => {
    const q = 1 / (2 * Math.cos((Math.PI * (2 * i + 1)) / (2 * order)));
    return designBiquad(shape, { frequencyHz, q, sampleRateHz });
  });
}
