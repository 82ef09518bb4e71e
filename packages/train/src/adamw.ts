import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./tensorflow.ts";

export interface AdamWOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
}

/** An optimiser's memory, to be written to a checkpoint and given back. */
export interface AdamWState {
  /** Steps taken. */
  readonly step: number;
  /** Running means of the gradient and of its square. */
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101), as `torch.optim.AdamW` calculates
 * it, over all parameters as one flat vector: a dozen operations a step however many layers there are.
 */
export class AdamW {
  readonly #tf: TensorFlow;
  readonly #options: Required<AdamWOptions>;
  readonly #decay: Tensor1D;
  #step: number;
  #first: Tensor1D;
  #second: Tensor1D;

  /** `decayMask`: 1 where weight decay pulls, 0 elsewhere, one for each parameter. */
  constructor(
    tf: TensorFlow,
    {
      decayMask,
      state,
      ...options
    }: AdamWOptions & { readonly decayMask: Float32Array; readonly state?: AdamWState },
  ) {
    this.#tf = tf;
    this.#options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, ...options };
    const { weightDecay } = this.#options;
    this.#decay = tf.tensor1d(decayMask.map((pulls) => pulls * weightDecay));
    this.#step = state?.step ?? 0;
    this.#first = state ? tf.tensor1d(state.first) : tf.zeros([decayMask.length]);
    this.#second = state ? tf.tensor1d(state.second) : tf.zeros([decayMask.length]);
  }

  /** The parameters after one step, a new tensor; both arguments stay the caller's. */
  update(parameters: Tensor1D, gradient: Tensor1D, learningRate: number): Tensor1D {
    const tf = this.#tf;
    const { beta1, beta2, epsilon, weightDecay } = this.#options;
    this.#step++;
    const [first, second, updated] = tf.tidy((): [Tensor1D, Tensor1D, Tensor1D] => {
      const first = tf.add<Tensor1D>(tf.mul(this.#first, beta1), tf.mul(gradient, 1 - beta1));
      const second = tf.add<Tensor1D>(tf.mul(this.#second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
      const size = learningRate / (1 - beta1 ** this.#step);
      const root = tf.mul(tf.sqrt(second), 1 / Math.sqrt(1 - beta2 ** this.#step));
      const change = tf.div(tf.mul(first, size), tf.add(root, epsilon));
      const decayed =
        weightDecay > 0
          ? tf.sub(parameters, tf.mul(tf.mul(parameters, this.#decay), learningRate))
          : parameters;
      // Kept, because the caller's own tidy would take them at its end.
      return [tf.keep(first), tf.keep(second), tf.sub<Tensor1D>(decayed, change)];
    });
    tf.dispose([this.#first, this.#second]);
    this.#first = first;
    this.#second = second;
    return updated;
  }

  /** A copy of its memory. */
  async state(): Promise<AdamWState> {
    const [first, second] = await Promise.all([this.#first.data(), this.#second.data()]);
    return { step: this.#step, first: Float32Array.from(first), second: Float32Array.from(second) };
  }

  dispose(): void {
    this.#tf.dispose([this.#decay, this.#first, this.#second]);
  }
}
