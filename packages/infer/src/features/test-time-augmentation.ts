import type { Classifier } from "../model/classifier.ts";
import type { AudioVariant, ModelCard } from "../model/model-card.ts";
import { joinFloats } from "@callsign/audio/internal";
import { row } from "../runtime/matrix.ts";

// Test-time augmentation: the score of a step is the mean of the scores of several variants of the audio, each delayed and
// amplified by a fixed amount. A model without augmentation has one unchanged variant, which costs nothing extra.

const UNCHANGED: readonly AudioVariant[] = [{ delay: 0, gainDb: 0 }];

/** Variants that a card asks for; a single unchanged one without augmentation. */
export const variantsOf = (card: Pick<ModelCard, "testTimeAugmentation">): readonly AudioVariant[] =>
  card.testTimeAugmentation ?? UNCHANGED;

const isUnchanged = ({ delay, gainDb }: AudioVariant): boolean => delay === 0 && gainDb === 0;

/** Whether two cards ask for the same variants in the same order. */
export function sameVariants(a: ModelCard, b: ModelCard): boolean {
  const [some, others] = [variantsOf(a), variantsOf(b)];
  return (
    some.length === others.length &&
    some.every(({ delay, gainDb }, i) => delay === others[i]!.delay && gainDb === others[i]!.gainDb)
  );
}

/** Longest delay of the variants, in samples. */
export const longestDelay = (variants: readonly AudioVariant[]): number =>
  Math.max(...variants.map(({ delay }) => delay));

/** Latest samples of every variant of a stream that is preceded by silence. */
export class VariantBuffer {
  /** `[variants, length]`, updated by `push`. */
  readonly windows: Float32Array;
  readonly #variants: readonly AudioVariant[];
  readonly #length: number;
  /** Latest samples of the stream, oldest first; `windows` itself without augmentation. */
  readonly #latest: Float32Array;

  /** @param options.target buffer to use as `windows` */
  constructor(
    variants: readonly AudioVariant[],
    {
      length,
      target = new Float32Array(variants.length * length),
    }: { readonly length: number; readonly target?: Float32Array },
  ) {
    this.windows = target;
    this.#variants = variants;
    this.#length = length;
    const isOff = variants.length === 1 && isUnchanged(variants[0]!);
    this.#latest = isOff ? target : new Float32Array(length + longestDelay(variants));
  }

  push(samples: Float32Array): void {
    const latest = this.#latest;
    const last = samples.length > latest.length ? samples.subarray(-latest.length) : samples;
    if (last.length < latest.length) latest.copyWithin(0, last.length);
    latest.set(last, latest.length - last.length);
    if (latest !== this.windows) this.#fillWindows();
  }

  reset(): void {
    this.#latest.fill(0);
  }

  #fillWindows(): void {
    const length = this.#length;
    this.#variants.forEach(({ delay, gainDb }, i) => {
      const end = this.#latest.length - delay;
      this.windows.set(this.#latest.subarray(end - length, end), i * length);
      if (gainDb !== 0) amplify(row(this.windows, { length, i }), gainDb);
    });
  }
}

/** Variant of a whole clip, of the same length and preceded by silence; the clip itself if the variant is unchanged. */
export function variantOfClip(clip: Float32Array, variant: AudioVariant): Float32Array {
  if (isUnchanged(variant)) return clip;
  const { delay, gainDb } = variant;
  const copy = new Float32Array(clip.length);
  copy.set(clip.subarray(0, Math.max(0, clip.length - delay)), Math.min(delay, clip.length));
  if (gainDb !== 0) amplify(copy, gainDb);
  return copy;
}

function amplify(samples: Float32Array, gainDb: number): void {
  const factor = 10 ** (gainDb / 20);
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! * factor;
}

/**
 * Mean scores of the variants, one per label.
 * @param options.features `[variants, n]`, of which the last `length` values of each row are the classifier's example
 */
export async function scoreVariants(
  classifier: Classifier,
  options: { readonly features: Float32Array; readonly variants: number; readonly length: number },
): Promise<Float32Array> {
  const { variants } = options;
  return meanOfVariants(await classifier.score(latestFeatures(options), variants), variants);
}

function latestFeatures(options: {
  readonly features: Float32Array;
  readonly variants: number;
  readonly length: number;
}): Float32Array {
  const { features, variants, length } = options;
  const whole = features.length / variants;
  if (whole === length) return features;
  if (variants === 1) return features.subarray(whole - length);
  const ends = Array.from({ length: variants }, (_, variant) => (variant + 1) * whole);
  return joinFloats(ends.map((end) => features.subarray(end - length, end)));
}

/** Mean over the first axis of scores `[variants, n]`. */
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
