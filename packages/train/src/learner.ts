import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { AdamW, type AdamWOptions, type AdamWState } from "./adamw.ts";
import { clipGradient } from "./clip-gradient.ts";
import { decayMask, flattenWeights, splitTensor, splitWeights } from "./flat-weights.ts";
import { binaryLoss, type LossOptions } from "./loss.ts";
import type { Architecture, DenseBlock, Weights } from "./models/architecture.ts";
import { fusedBlock } from "./models/fused-block.ts";
import type { TensorFlow } from "./tensorflow.ts";

export interface LearnerOptions {
  readonly architecture: Architecture;
  /** Where it starts. */
  readonly weights: Weights;
  readonly optimizer?: AdamWOptions & { readonly state?: AdamWState };
  /** Longest gradient, as the norm over all parameters; longer ones are scaled down to it. Default 1; Infinity for none. */
  readonly clipNorm?: number;
  /** Default the fused one. */
  readonly denseBlock?: DenseBlock;
}

/** Features `[batch, ...featureShape]`, targets `[batch, labels]`, weights `[batch, 1]` or `[batch, labels]`; the caller's. */
export interface Batch {
  readonly features: Tensor;
  readonly targets: Tensor2D;
  readonly weights?: Tensor2D;
}

export interface StepOptions {
  readonly learningRate: number;
  readonly loss?: LossOptions;
}

/** A network being trained: its parameters as one flat tensor, its optimiser, and the step that changes both. */
export class Learner {
  readonly #tf: TensorFlow;
  readonly #architecture: Architecture;
  readonly #denseBlock: DenseBlock;
  readonly #optimizer: AdamW;
  readonly #clipNorm: number;
  readonly #places: ReadonlyMap<string, number>;
  #parameters: Tensor1D;

  constructor(tf: TensorFlow, options: LearnerOptions) {
    const { architecture } = options;
    this.#tf = tf;
    this.#architecture = architecture;
    this.#denseBlock = options.denseBlock ?? fusedBlock(tf);
    this.#optimizer = new AdamW(tf, { ...options.optimizer, decayMask: decayMask(architecture) });
    this.#clipNorm = options.clipNorm ?? 1;
    this.#places = new Map(architecture.parameters.map(({ name }, i) => [name, i]));
    this.#parameters = tf.tensor1d(flattenWeights(architecture, options.weights));
  }

  /** Takes one step; returns the batch's loss before it, which the caller reads (or not) and disposes. */
  step(batch: Batch, { learningRate, loss }: StepOptions): Scalar {
    const tf = this.#tf;
    const [value, updated] = tf.tidy(() => {
      const { value, gradient } = this.#lossAndGradient(batch, loss);
      return [
        value,
        this.#optimizer.update(this.#parameters, clipGradient(tf, gradient, this.#clipNorm), learningRate),
      ] as const;
    });
    tf.dispose(this.#parameters);
    this.#parameters = updated;
    return value;
  }

  /** The batch's loss and its gradient in the flat order, unclipped; the caller disposes both. */
  lossAndGradient(batch: Batch, loss?: LossOptions): { value: Scalar; gradient: Tensor1D } {
    return this.#tf.tidy(() => this.#lossAndGradient(batch, loss));
  }

  /** Logits `[batch, labels]` of features; the caller disposes them. */
  logits(features: Tensor): Tensor2D {
    const tf = this.#tf;
    return tf.tidy(() => this.#forward(splitTensor(tf, this.#parameters, this.#architecture), features));
  }

  /** A copy of the weights. */
  async weights(): Promise<Weights> {
    return splitWeights(this.#architecture, Float32Array.from(await this.#parameters.data()));
  }

  /** A copy of the optimiser's memory. */
  optimizerState(): Promise<AdamWState> {
    return this.#optimizer.state();
  }

  /** Puts other weights in place; the optimiser keeps its memory. */
  setWeights(weights: Weights): void {
    const parameters = this.#tf.tensor1d(flattenWeights(this.#architecture, weights));
    this.#tf.dispose(this.#parameters);
    this.#parameters = parameters;
  }

  dispose(): void {
    this.#tf.dispose(this.#parameters);
    this.#optimizer.dispose();
  }

  #lossAndGradient(
    { features, targets, weights }: Batch,
    loss?: LossOptions,
  ): { value: Scalar; gradient: Tensor1D } {
    const tf = this.#tf;
    const parts = splitTensor(tf, this.#parameters, this.#architecture);
    const gradients = tf.valueAndGrads((...parameters: Tensor[]) =>
      binaryLoss(
        tf,
        { logits: this.#forward(parameters, features), targets, ...(weights && { weights }) },
        loss,
      ),
    );
    const { value, grads } = gradients(parts);
    return { value, gradient: tf.concat1d(grads.map((part) => tf.reshape(part, [-1]))) };
  }

  #forward(parameters: readonly Tensor[], features: Tensor): Tensor2D {
    const parameter = (name: string): Tensor => parameters[this.#places.get(name)!]!;
    return this.#architecture.forward({ tf: this.#tf, denseBlock: this.#denseBlock, parameter }, features);
  }
}
