import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { AdamW, type AdamWState } from "../optimize/adamw.ts";
import { clipGradient } from "../optimize/clip-gradient.ts";
import { decayMask, flattenWeights, splitTensor, splitWeights } from "../weights/flat-weights.ts";
import type { Weights } from "../weights/parameters.ts";
import type { TensorFlow } from "../backends/import-tensorflow.ts";
import { rowMoments } from "./batch-norm.ts";
import { embedBatch } from "./embedding-forward.ts";
import type { EmbeddingNetwork } from "./embedding-network.ts";
import type { LayerMoments } from "./encode-embedding.ts";
import { type WordBatch, wordContrast } from "./word-contrast.ts";

/** Log-mels of audio segments and the teacher's standardised embeddings of them. The caller disposes both. */
export interface LessonBatch {
  /** `[batch, frames, 32]` */
  readonly logMels: Tensor3D;
  /** `[batch * steps, 96]` */
  readonly targets: Tensor2D;
  /** Words to tell apart. */
  readonly words?: WordBatch;
}

/** Agreement of two sets of embeddings. */
export interface Agreement {
  /** Mean cosine of the standardised values. */
  readonly cosine: number;
  /** Share of the teacher's variance explained, over all dimensions. */
  readonly r2: number;
}

/** Student network in training: its parameters as one flat tensor, and its optimiser. */
export class EmbeddingLearner {
  readonly #tf: TensorFlow;
  readonly #network: EmbeddingNetwork;
  readonly #optimizer: AdamW;
  readonly #options: {
    readonly clipNorm: number;
    readonly cosineWeight: number;
    readonly wordWeight?: number;
  };
  readonly #places: ReadonlyMap<string, number>;
  #parameters: Tensor1D;

  constructor(
    tf: TensorFlow,
    options: {
      readonly network: EmbeddingNetwork;
      readonly weights: Weights;
      readonly weightDecay: number;
      readonly clipNorm: number;
      readonly cosineWeight: number;
      readonly wordWeight?: number;
      readonly state?: AdamWState | undefined;
    },
  ) {
    const { network, weights, weightDecay, state } = options;
    this.#tf = tf;
    this.#network = network;
    this.#options = options;
    this.#optimizer = new AdamW(tf, {
      weightDecay,
      decayMask: decayMask(network),
      ...(state && { state }),
    });
    this.#places = new Map(network.parameters.map(({ name }, i) => [name, i]));
    this.#parameters = tf.tensor1d(flattenWeights(network, weights));
  }

  /** Takes one step; returns the loss before the step, which the caller disposes. */
  step(batch: LessonBatch, learningRate: number): Scalar {
    const tf = this.#tf;
    const [value, updated] = tf.tidy(() => {
      const parts = splitTensor(tf, this.#parameters, this.#network);
      const { value, grads } = tf.valueAndGrads((...parameters: Tensor[]) => this.#loss(parameters, batch))(
        parts,
      );
      const gradient = tf.concat1d(grads.map((part) => tf.reshape(part, [-1])));
      const clipped = clipGradient(tf, gradient, this.#options.clipNorm);
      return [value, this.#optimizer.update(this.#parameters, clipped, learningRate)] as const;
    });
    tf.dispose(this.#parameters);
    this.#parameters = updated;
    return value;
  }

  /** Agreement of student and teacher on a batch, with batch statistics. */
  async agreement(batch: LessonBatch): Promise<Agreement> {
    const tf = this.#tf;
    const values = tf.tidy(() => {
      const student = this.embed(batch);
      const spread = tf.mean(tf.square(tf.sub(batch.targets, tf.mean(batch.targets, 0, true))));
      const error = tf.mean(tf.square(tf.sub(student, batch.targets)));
      return tf.stack([meanCosine(tf, student, batch.targets), tf.sub(1, tf.div(error, spread))]);
    });
    const [cosine = NaN, r2 = NaN] = await values.data();
    values.dispose();
    return { cosine, r2 };
  }

  /** Standardised embeddings `[batch * steps, 96]`, with batch statistics; the caller disposes them. */
  embed(batch: Pick<LessonBatch, "logMels">): Tensor2D {
    const tf = this.#tf;
    return tf.tidy(() => this.#forward(splitTensor(tf, this.#parameters, this.#network), batch));
  }

  /** Mean and variance of every normalised layer on a batch. */
  async moments(batch: LessonBatch): Promise<Map<string, LayerMoments>> {
    const tf = this.#tf;
    const found: { name: string; mean: Tensor1D; variance: Tensor1D }[] = [];
    tf.tidy(() => {
      const parameters = splitTensor(tf, this.#parameters, this.#network);
      this.#forward(parameters, batch, (layer, products) => {
        const { mean, variance } = rowMoments(tf, products);
        found.push({ name: layer.name, mean: tf.keep(mean), variance: tf.keep(variance) });
      });
    });
    const moments = new Map<string, LayerMoments>();
    for (const { name, mean, variance } of found) {
      moments.set(name, {
        mean: Float32Array.from(await mean.data()),
        variance: Float32Array.from(await variance.data()),
      });
      tf.dispose([mean, variance]);
    }
    return moments;
  }

  /** Copy of the weights. */
  async weights(): Promise<Weights> {
    return splitWeights(this.#network, Float32Array.from(await this.#parameters.data()));
  }

  /** Copy of the optimiser's state. */
  optimizerState(): Promise<AdamWState> {
    return this.#optimizer.state();
  }

  dispose(): void {
    this.#tf.dispose(this.#parameters);
    this.#optimizer.dispose();
  }

  #forward(
    parameters: readonly Tensor[],
    { logMels }: Pick<LessonBatch, "logMels">,
    onLayer?: Parameters<typeof embedBatch>[2],
  ): Tensor2D {
    const parameter = (name: string): Tensor => parameters[this.#places.get(name)!]!;
    return embedBatch({ tf: this.#tf, network: this.#network, parameter }, logMels, onLayer);
  }

  #loss(parameters: readonly Tensor[], batch: LessonBatch): Scalar {
    const tf = this.#tf;
    const student = this.#forward(parameters, batch);
    const squared = tf.mean(tf.square(tf.sub(student, batch.targets)));
    const apart = tf.sub(1, meanCosine(tf, student, batch.targets));
    const { cosineWeight, wordWeight = 0 } = this.#options;
    const loss = tf.add<Scalar>(squared, tf.mul(apart, cosineWeight));
    if (batch.words === undefined) return loss;
    return tf.add<Scalar>(loss, tf.mul(wordContrast(tf, student, batch.words), wordWeight));
  }
}

function meanCosine(tf: TensorFlow, a: Tensor2D, b: Tensor2D): Tensor {
  const product = tf.sum(tf.mul(a, b), 1);
  const lengths = tf.sqrt(tf.mul(tf.sum(tf.square(a), 1), tf.sum(tf.square(b), 1)));
  return tf.mean(tf.div(product, tf.add(lengths, 1e-6)));
}
