import type { Classifier } from "../model/classifier.ts";
import type { AudioVariant, ModelCard } from "../model/model-card.ts";
import { row } from "../runtime/rows.ts";

/** The last `length` samples of every copy of a stream, which begins in silence. */
export class VariantBuffer {
  readonly #variants: readonly AudioVariant[];
  readonly #length: number;
  /** The latest samples, oldest first. */
  readonly #heard: Float32Array;

  constructor(variants: readonly AudioVariant[], length: number) {
    this.#variants = variants;
    this.#length = length;
    this.#heard = new Float32Array(length + longestDelay(variants));
  }

  push(samples: Float32Array): void {
    const heard = this.#heard;
    const last = samples.length > heard.length ? samples.subarray(-heard.length) : samples;
    heard.copyWithin(0, last.length);
    heard.set(last, heard.length - last.length);
  }

  /** Writes `[variants, length]`. */
  copyTo(target: Float32Array): void {
    const length = this.#length;
    this.#variants.forEach(({ delay, gainDb }, i) => {
      const end = this.#heard.length - delay;
      target.set(this.#heard.subarray(end - length, end), i * length);
      if (gainDb !== 0) amplify(row(target, { length, i }), gainDb);
    });
  }

  reset(): void {
    this.#heard.fill(0);
  }
}

/** The audio as it is, alone. */
const UNCHANGED: readonly AudioVariant[] = [{ delay: 0, gainDb: 0 }];

/** What a card's model hears. */
export const variantsOf = (card: Pick<ModelCard, "testTimeAugmentation">): readonly AudioVariant[] =>
  card.testTimeAugmentation ?? UNCHANGED;

/** Samples that the latest of the variants lags behind. */
export const longestDelay = (variants: readonly AudioVariant[]): number =>
  Math.max(...variants.map(({ delay }) => delay));

/** A whole clip as one of the variants: as long as the clip, silence in front; the clip itself where nothing changes. */
export function variantOfClip(clip: Float32Array, { delay, gainDb }: AudioVariant): Float32Array {
  if (delay === 0 && gainDb === 0) return clip;
  const copy = new Float32Array(clip.length);
  copy.set(clip.subarray(0, Math.max(0, clip.length - delay)), Math.min(delay, clip.length));
  if (gainDb !== 0) amplify(copy, gainDb);
  return copy;
}

function amplify(samples: Float32Array, gainDb: number): void {
  const factor = 10 ** (gainDb / 20);
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! * factor;
}

/** The mean score of the variants, one a label: features `[variants, embeddings, 96]` in. */
export async function scoreVariants(
  classifier: Classifier,
  { features, variants }: { readonly features: Float32Array; readonly variants: number },
): Promise<Float32Array> {
  return meanOfVariants(await classifier.score(features, variants), variants);
}

/** Equally many scores of each copy, one copy after another; their mean. */
export function meanOfVariants(scores: Float32Array, variants: number): Float32Array {
  if (variants === 1) return scores;
  const mean = new Float32Array(scores.length / variants);
  for (let i = 0; i < mean.length; i++) {
    let sum = 0;
    for (let from = 0; from < scores.length; from += mean.length) sum += scores[from + i]!;
    mean[i] = sum / variants;
  }
  return mean;
}
