import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { AdamW, type AdamWOptions, type AdamWState } from "./adamw.ts";
import { clipGradient } from "./clip-gradient.ts";
import { decayMask, flattenWeights, splitTensor, splitWeights } from "../weights/flat-weights.ts";
import { binaryLoss, type LossOptions } from "./loss.ts";
import type { Architecture, DenseBlock, ForwardContext } from "../models/architecture.ts";
import type { Weights } from "../weights/parameters.ts";
import { fusedBlock } from "../models/layers/fused-block.ts";
import type { TensorFlow } from "../backends/import-tensorflow.ts";

export interface LearnerOptions {
  readonly architecture: Architecture;
  /** Initial weights. */
  readonly weights: Weights;
  readonly optimizer?: AdamWOptions & { readonly state?: AdamWState };
  /** Maximum gradient norm over all parameters. Default 1; Infinity disables clipping. */
  readonly clipNorm?: number;
  /**
   * Keeps a moving average of the weights that starts from these values; `true`: from the initial weights. Default: none.
   */
  readonly average?: Float32Array | boolean;
  /** Default `fusedBlock`. */
  readonly denseBlock?: DenseBlock;
}

/** Features `[batch, ...featureShape]`, targets `[batch, labels]`, weights `[batch, 1]` or `[batch, labels]`; the caller disposes them. */
export interface Batch {
  readonly features: Tensor;
  readonly targets: Tensor2D;
  readonly weights?: Tensor2D;
}

export interface StepOptions {
  readonly learningRate: number;
  /** Decay of the moving average, if there is one. Default 0.999. */
  readonly averageDecay?: number;
  readonly loss?: LossOptions;
}

/** Network in training: its parameters as one flat tensor, and its optimiser. */
export class Learner {
  readonly #tf: TensorFlow;
  readonly #architecture: Architecture;
  readonly #denseBlock: DenseBlock;
  readonly #optimizer: AdamW;
  readonly #clipNorm: number;
  readonly #places: ReadonlyMap<string, number>;
  #parameters: Tensor1D;
  #average: Tensor1D | undefined;

  constructor(tf: TensorFlow, options: LearnerOptions) {
    const { architecture } = options;
    this.#tf = tf;
    this.#architecture = architecture;
    this.#denseBlock = options.denseBlock ?? fusedBlock(tf);
    this.#optimizer = new AdamW(tf, { ...options.optimizer, decayMask: decayMask(architecture) });
    this.#clipNorm = options.clipNorm ?? 1;
    this.#places = new Map(architecture.parameters.map(({ name }, i) => [name, i]));
    const flat = flattenWeights(architecture, options.weights);
    this.#parameters = tf.tensor1d(flat);
    const { average = false } = options;
    if (average !== false) this.#average = tf.tensor1d(average === true ? flat : average);
  }

  /** Takes one step; returns the loss of the batch before the step, which the caller disposes. */
  step(batch: Batch, { learningRate, loss, averageDecay = 0.999 }: StepOptions): Scalar {
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
    const before = this.#average;
    if (before !== undefined) {
      this.#average = tf.tidy(() =>
        tf.add<Tensor1D>(tf.mul(before, averageDecay), tf.mul(updated, 1 - averageDecay)),
      );
      tf.dispose(before);
    }
    return value;
  }

  /** Loss of a batch and its flat gradient, not clipped; the caller disposes both. */
  lossAndGradient(batch: Batch, loss?: LossOptions): { value: Scalar; gradient: Tensor1D } {
    return this.#tf.tidy(() => this.#lossAndGradient(batch, loss));
  }

  /** Logits `[batch, labels]` of features, by the averaged weights if there are any; the caller disposes them. */
  logits(features: Tensor): Tensor2D {
    const tf = this.#tf;
    const parameters = this.#average ?? this.#parameters;
    const network = this.#architecture;
    return tf.tidy(() => network.forward(this.#context(splitTensor(tf, parameters, network)), features));
  }

  /** Copy of the weights. */
  async weights(): Promise<Weights> {
    return splitWeights(this.#architecture, Float32Array.from(await this.#parameters.data()));
  }

  /** Copy of the moving average of the weights, flat; undefined without one. */
  async average(): Promise<Float32Array | undefined> {
    return this.#average && Float32Array.from(await this.#average.data());
  }

  /** Copy of the optimiser's state. */
  optimizerState(): Promise<AdamWState> {
    return this.#optimizer.state();
  }

  /** Replaces the weights and removes their average; the optimiser's state is kept. */
  setWeights(weights: Weights): void {
    if (this.#average) this.#tf.dispose(this.#average);
    this.#average = undefined;
    const parameters = this.#tf.tensor1d(flattenWeights(this.#architecture, weights));
    this.#tf.dispose(this.#parameters);
    this.#parameters = parameters;
  }

  dispose(): void {
    this.#tf.dispose(this.#parameters);
    if (this.#average) this.#tf.dispose(this.#average);
    this.#optimizer.dispose();
  }

  #lossAndGradient(
    { features, targets, weights }: Batch,
    loss?: LossOptions,
  ): { value: Scalar; gradient: Tensor1D } {
    const tf = this.#tf;
    const parts = splitTensor(tf, this.#parameters, this.#architecture);
    const gradients = tf.valueAndGrads((...parameters: Tensor[]) => {
      const losses = this.#memberLogits(parameters, features).map((logits) =>
        binaryLoss(tf, { logits, targets, ...(weights && { weights }) }, loss),
      );
      return losses.length === 1 ? losses[0]! : tf.mean<Scalar>(tf.stack(losses));
    });
    const { value, grads } = gradients(parts);
    return { value, gradient: tf.concat1d(grads.map((part) => tf.reshape(part, [-1]))) };
  }

  #memberLogits(parameters: readonly Tensor[], features: Tensor): Tensor2D[] {
    const context = this.#context(parameters);
    const network = this.#architecture;
    return network.forwardMembers?.(context, features) ?? [network.forward(context, features)];
  }

  #context(parameters: readonly Tensor[]): ForwardContext {
    const parameter = (name: string): Tensor => parameters[this.#places.get(name)!]!;
    return { tf: this.#tf, denseBlock: this.#denseBlock, parameter };
  }
}
