import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import type { LessonWord } from "@callsign/data/internal";
import type { TensorFlow } from "../backends/import-tensorflow.ts";

/** Words of a batch, as constants of the loss. */
export interface WordBatch {
  /** Mean over each word's embeddings: `[words, batch * steps]`. */
  readonly pooling: Tensor2D;
  /** Weight of each pair of the same word, 1 in total: `[words, words]`. */
  readonly same: Tensor2D;
  /** 1 for every pair but a word with itself: `[words, words]`. */
  readonly others: Tensor2D;
}

/** A word's place among the rows of a batch. */
export interface WordRows extends Pick<LessonWord, "id"> {
  readonly first: number;
  readonly end: number;
}

/** Tensors of the words of a batch of `rows` embeddings; the caller disposes them. */
export function wordBatch(
  tf: TensorFlow,
  words: readonly WordRows[],
  { rows }: { readonly rows: number },
): WordBatch {
  const count = words.length;
  const pooling = new Float32Array(count * rows);
  const same = new Float32Array(count * count);
  const others = new Float32Array(count * count);
  const partners = words.map(({ id }) => words.filter((word) => word.id === id).length - 1);
  const anchors = partners.filter((partner) => partner > 0).length;
  for (const [i, { first, end, id }] of words.entries()) {
    pooling.fill(1 / (end - first), i * rows + first, i * rows + end);
    for (const [j, other] of words.entries()) {
      if (i === j) continue;
      others[i * count + j] = 1;
      if (other.id === id) same[i * count + j] = 1 / (partners[i]! * anchors);
    }
  }
  return {
    pooling: tf.tensor2d(pooling, [count, rows]),
    same: tf.tensor2d(same, [count, count]),
    others: tf.tensor2d(others, [count, count]),
  };
}

/**
 * Supervised contrastive loss (Khosla et al. 2020, arXiv 2004.11362, L_out) of words: their embeddings are averaged, and each is to
 * be nearer, by cosine, to the others of the same word than to all other words.
 * @param embeddings `[batch * steps, 96]`
 */
export function wordContrast(
  tf: TensorFlow,
  embeddings: Tensor2D,
  { pooling, same, others }: WordBatch,
): Scalar {
  const pooled = tf.matMul<Tensor2D>(pooling, embeddings);
  const unit = tf.mul<Tensor2D>(pooled, tf.rsqrt(tf.add(tf.sum(tf.square(pooled), 1, true), 1e-6)));
  const likeness = tf.div(tf.matMul(unit, tf.transpose(unit)), TEMPERATURE);
  // Likenesses are at most 1 / TEMPERATURE, so this keeps the exponentials below 1.
  const exponentials = tf.mul(tf.exp(tf.sub(likeness, 1 / TEMPERATURE)), others);
  const normaliser = tf.add(tf.log(tf.add(tf.sum(exponentials, 1, true), 1e-12)), 1 / TEMPERATURE);
  return tf.sum(tf.mul(same, tf.sub(normaliser, likeness)));
}

/** The paper's. */
const TEMPERATURE = 0.1;
