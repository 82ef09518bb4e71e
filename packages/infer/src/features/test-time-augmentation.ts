import type { Classifier } from "../model/classifier.ts";
import type { AudioCopy, ModelCard } from "../model/model-card.ts";
import { row } from "../runtime/rows.ts";

/** The last `length` samples of every copy of a stream, which begins in silence. */
export class AudioCopies {
  readonly #copies: readonly AudioCopy[];
  readonly #length: number;
  /** The latest samples, oldest first. */
  readonly #heard: Float32Array;

  constructor(copies: readonly AudioCopy[], length: number) {
    this.#copies = copies;
    this.#length = length;
    this.#heard = new Float32Array(length + longestDelay(copies));
  }

  push(samples: Float32Array): void {
    const heard = this.#heard;
    const last = samples.length > heard.length ? samples.subarray(-heard.length) : samples;
    heard.copyWithin(0, last.length);
    heard.set(last, heard.length - last.length);
  }

  /** Writes `[copies, length]`. */
  copyTo(target: Float32Array): void {
    const length = this.#length;
    this.#copies.forEach(({ delay, gainDb }, i) => {
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
const AS_IT_IS: readonly AudioCopy[] = [{ delay: 0, gainDb: 0 }];

/** What a card's model hears. */
export const copiesOf = (card: Pick<ModelCard, "testTimeAugmentation">): readonly AudioCopy[] =>
  card.testTimeAugmentation ?? AS_IT_IS;

/** Samples that the latest of the copies lags behind. */
export const longestDelay = (copies: readonly AudioCopy[]): number =>
  Math.max(...copies.map(({ delay }) => delay));

/** A whole clip as one of the copies: as long as the clip, silence in front; the clip itself where nothing changes. */
export function copyOfClip(clip: Float32Array, { delay, gainDb }: AudioCopy): Float32Array {
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

/** The mean score of the copies, one a label: features `[copies, embeddings, 96]` in. */
export async function scoreCopies(
  classifier: Classifier,
  { features, copies }: { readonly features: Float32Array; readonly copies: number },
): Promise<Float32Array> {
  return meanOfCopies(await classifier.score(features, copies), copies);
}

/** Equally many scores of each copy, one copy after another; their mean. */
export function meanOfCopies(scores: Float32Array, copies: number): Float32Array {
  if (copies === 1) return scores;
  const mean = new Float32Array(scores.length / copies);
  for (let i = 0; i < mean.length; i++) {
    let sum = 0;
    for (let from = 0; from < scores.length; from += mean.length) sum += scores[from + i]!;
    mean[i] = sum / copies;
  }
  return mean;
}
