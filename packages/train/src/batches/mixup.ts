import type { Random } from "@callsign/data/internal";

export interface MixupOptions {
  /** Share of the batches that are mixed. */
  readonly probability: number;
  /** Parameter of the beta distribution of the mixing share, above 0 to 1. */
  readonly alpha: number;
  /** Number of labels, the width of `targets`. */
  readonly labels: number;
  readonly random: Random;
}

/** Mixup (Zhang et al. 2018, arXiv 1710.09412): mixes each example with another of the batch, in place. */
export function mixExamples(
  { features, targets }: { readonly features: Float32Array; readonly targets: Float32Array },
  { probability, alpha, labels, random }: MixupOptions,
): void {
  if (probability === 0 || random.next() >= probability) return;
  const size = targets.length / labels;
  const other = random.shuffle(Array.from({ length: size }, (_, i) => i));
  const share = drawBeta(alpha, random);
  for (const values of [features, targets]) {
    const width = values.length / size;
    const before = values.slice();
    for (let i = 0; i < values.length; i++) {
      const row = Math.floor(i / width);
      values[i] = (1 - share) * before[i]! + share * before[other[row]! * width + (i - row * width)]!;
    }
  }
}

/** Beta(alpha, alpha) for alpha up to 1 by Jöhnk's method (1964), folded to at most one half: the first stays the larger part. */
function drawBeta(alpha: number, random: Random): number {
  for (;;) {
    const x = random.next() ** (1 / alpha);
    const y = random.next() ** (1 / alpha);
    if (x + y > 0 && x + y <= 1) return Math.min(x, y) / (x + y);
  }
}
