import { sigmoid } from "@callsign/eval/internal";

/** Affine map of logits to calibrated logits: `scale * logit + shift`. */
export interface LogitScale {
  readonly scale: number;
  readonly shift: number;
}

export interface CalibrationInput {
  /** Logits of windows with the phrase; `negatives`: of other windows. */
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
  /** Prior probability: share of the time in which the phrase is being said. */
  readonly phraseShare: number;
}

const AS_IS: LogitScale = { scale: 1, shift: 0 };

/**
 * Platt scaling (Platt 1999, with smoothed targets): logistic regression of the truth on the logit by Newton's method.
 * Classes are weighted by `phraseShare`, not by their numbers of windows. Scores keep their order: a fit with a negative
 * scale is discarded for the identity.
 */
export function calibrate({ positives, negatives, phraseShare }: CalibrationInput): LogitScale {
  const classes = [
    { logits: positives, target: (positives.length + 1) / (positives.length + 2), share: phraseShare },
    { logits: negatives, target: 1 / (negatives.length + 2), share: 1 - phraseShare },
  ];
  let { scale, shift } = AS_IS;
  let loss = lossOf(classes, { scale, shift });
  for (let iteration = 0; iteration < 100; iteration++) {
    const step = newtonStep(classes, { scale, shift });
    // Step halving: far from the optimum a full Newton step overshoots.
    let size = 1;
    let next = { scale, shift };
    let nextLoss = Infinity;
    for (; size > 1e-6 && !(nextLoss < loss); size /= 2) {
      next = { scale: scale - size * step.scale, shift: shift - size * step.shift };
      nextLoss = lossOf(classes, next);
    }
    if (!(nextLoss < loss)) break;
    ({ scale, shift } = next);
    const gain = loss - nextLoss;
    loss = nextLoss;
    if (gain < 1e-12) break;
  }
  return scale > 0 && Number.isFinite(scale + shift) ? { scale, shift } : AS_IS;
}

interface WeightedClass {
  readonly logits: Float64Array;
  readonly target: number;
  readonly share: number;
}

function lossOf(classes: readonly WeightedClass[], { scale, shift }: LogitScale): number {
  let total = 0;
  for (const { logits, target, share } of classes) {
    let sum = 0;
    for (const logit of logits) {
      const z = scale * logit + shift;
      sum += Math.max(z, 0) - z * target + Math.log1p(Math.exp(-Math.abs(z)));
    }
    total += (share * sum) / logits.length;
  }
  return total;
}

/** Inverse Hessian times gradient. */
function newtonStep(classes: readonly WeightedClass[], { scale, shift }: LogitScale): LogitScale {
  let gradientScale = 0;
  let gradientShift = 0;
  let [aa, ab, bb] = [1e-12, 0, 1e-12];
  for (const { logits, target, share } of classes) {
    const weight = share / logits.length;
    for (const logit of logits) {
      const p = sigmoid(scale * logit + shift);
      const slope = weight * (p - target);
      const curve = weight * p * (1 - p);
      gradientScale += slope * logit;
      gradientShift += slope;
      aa += curve * logit * logit;
      ab += curve * logit;
      bb += curve;
    }
  }
  const determinant = aa * bb - ab * ab;
  return {
    scale: (bb * gradientScale - ab * gradientShift) / determinant,
    shift: (aa * gradientShift - ab * gradientScale) / determinant,
  };
}
