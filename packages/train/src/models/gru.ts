import type { Rank, Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { ForwardContext, ParameterSpec } from "./architecture.ts";
import { linearProduct } from "./linear-product.ts";

/** A gated recurrent unit over time, its parameters named and laid out as in `torch.nn.GRU`: reset, update, new. */
export interface Gru {
  readonly name: string;
  readonly inputs: number;
  readonly width: number;
}

/** Started as PyTorch starts them: uniform within 1 / sqrt(width). */
export function gruParameters({ name, inputs, width }: Gru): ParameterSpec[] {
  const initialisation = { kind: "uniform", bound: 1 / Math.sqrt(width) } as const;
  return [
    { name: `${name}.weight_ih_l0`, shape: [3 * width, inputs], initialisation, decays: true },
    { name: `${name}.weight_hh_l0`, shape: [3 * width, width], initialisation, decays: true },
    { name: `${name}.bias_ih_l0`, shape: [3 * width], initialisation, decays: false },
    { name: `${name}.bias_hh_l0`, shape: [3 * width], initialisation, decays: false },
  ];
}

/** The state `[batch, width]` after the last step of x `[batch, steps, inputs]`, from a state of zeros. */
export function gru({ tf, parameter }: ForwardContext, x: Tensor3D, { name, width }: Gru): Tensor2D {
  const [batch] = x.shape;
  const parts = (kind: string): Tensor[] => tf.split(parameter(`${name}.${kind}_l0`), 3);
  const biasesIn = parts("bias_ih");
  const biasesOver = parts("bias_hh");
  const [resetIn, updateIn, newIn] = parts("weight_ih").map((weight, i) => ({ weight, bias: biasesIn[i]! }));
  const [resetOver, updateOver, newOver] = parts("weight_hh").map((weight, i) => ({
    weight,
    bias: biasesOver[i]!,
  }));
  let state = tf.zeros<Rank.R2>([batch, width]);
  for (const input of tf.unstack(x, 1) as Tensor2D[]) {
    const open = tf.sigmoid(tf.add(linearProduct(tf, input, resetIn!), linearProduct(tf, state, resetOver!)));
    const keep = tf.sigmoid(
      tf.add(linearProduct(tf, input, updateIn!), linearProduct(tf, state, updateOver!)),
    );
    const recalled = tf.mul(open, linearProduct(tf, state, newOver!));
    const candidate = tf.tanh(tf.add(linearProduct(tf, input, newIn!), recalled));
    // (1 - keep) candidate + keep state
    state = tf.add(candidate, tf.mul(keep, tf.sub(state, candidate)));
  }
  return state;
}

/** The unit in a graph, on a value `[batch, steps, inputs]`; gives `[batch, width]`. */
export function addGru(graph: GraphBuilder, input: string, { name, inputs, width }: Gru): string {
  const stepsFirst = graph.add("Transpose", [input], { perm: [1n, 0n, 2n] });
  const weight = (kind: string, columns: number): string =>
    graph.constant(`${name}.onnx.${kind}`, {
      values: updateFirst(graph.values(`${name}.${kind}_l0`).values),
      dims: [1, 3 * width, columns],
    });
  const biases = ["bias_ih", "bias_hh"].flatMap((kind) => [
    ...updateFirst(graph.values(`${name}.${kind}_l0`).values),
  ]);
  const bias = graph.constant(`${name}.onnx.bias`, { values: biases, dims: [1, 6 * width] });
  const [, last] = graph.addMany("GRU", {
    inputs: [stepsFirst, weight("weight_ih", inputs), weight("weight_hh", width), bias],
    outputs: 2,
    // PyTorch applies the reset gate after the state's linear layer.
    attributes: { hidden_size: BigInt(width), linear_before_reset: 1n },
  });
  return graph.add("Squeeze", [last!, graph.integers([0])]);
}

/** PyTorch orders the gates reset, update, new; ONNX update, reset, hidden. */
function updateFirst(values: Float32Array): Float32Array {
  const third = values.length / 3;
  const ordered = values.slice();
  ordered.copyWithin(0, third, 2 * third);
  ordered.set(values.subarray(0, third), third);
  return ordered;
}
