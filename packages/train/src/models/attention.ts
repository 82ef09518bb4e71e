import type { Rank, Tensor3D } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { ForwardContext, ParameterSpec } from "./architecture.ts";
import { linear } from "./layers.ts";
import { linearProduct } from "./linear-product.ts";

/** Self-attention over time, its parameters named and laid out as in `torch.nn.MultiheadAttention`. */
export interface Attention {
  readonly name: string;
  readonly width: number;
  readonly heads: number;
}

/** Started as PyTorch starts them: Xavier uniform for the joint projection, biases at zero. */
export function attentionParameters({ name, width }: Attention): ParameterSpec[] {
  const zero = { kind: "constant", value: 0 } as const;
  return [
    {
      name: `${name}.in_proj_weight`,
      shape: [3 * width, width],
      initialisation: { kind: "uniform", bound: Math.sqrt(6 / (4 * width)) },
      decays: true,
    },
    { name: `${name}.in_proj_bias`, shape: [3 * width], initialisation: zero, decays: false },
    {
      name: `${name}.out_proj.weight`,
      shape: [width, width],
      initialisation: { kind: "uniform", bound: 1 / Math.sqrt(width) },
      decays: true,
    },
    { name: `${name}.out_proj.bias`, shape: [width], initialisation: zero, decays: false },
  ];
}

/** Attention of x `[batch, steps, width]` to itself, without residual; the same shape. */
export function attention(context: ForwardContext, x: Tensor3D, { name, width, heads }: Attention): Tensor3D {
  const { tf, parameter } = context;
  const [batch, steps] = x.shape;
  const depth = width / heads;
  const rows = tf.reshape<Rank.R2>(x, [batch * steps, width]);
  const weights = tf.split(parameter(`${name}.in_proj_weight`), 3);
  const biases = tf.split(parameter(`${name}.in_proj_bias`), 3);
  const [query, key, value] = weights.map((weight, i) =>
    tf.reshape(linearProduct(tf, rows, { weight, bias: biases[i]! }), [batch, steps, heads, depth]),
  );
  // The transposes are explicit because wasm's matMul is slow with its transpose flags.
  const scores = tf.matMul(tf.transpose(query!, [0, 2, 1, 3]), tf.transpose(key!, [0, 2, 3, 1]));
  const shares = tf.softmax(tf.mul(scores, 1 / Math.sqrt(depth)));
  const mixed = tf.transpose(tf.matMul(shares, tf.transpose(value!, [0, 2, 1, 3])), [0, 2, 1, 3]);
  const joined = tf.reshape<Rank.R2>(mixed, [batch * steps, width]);
  const output = linear(context, joined, `${name}.out_proj`);
  return tf.reshape(output, [batch, steps, width]);
}

/** The attention in a graph, on a value `[batch, steps, width]`. */
export function addAttention(graph: GraphBuilder, input: string, { name, width, heads }: Attention): string {
  const depth = width / heads;
  const project = (value: string, weight: string, bias: string): string => {
    const transposed = graph.add("Transpose", [graph.parameter(weight)], { perm: [1n, 0n] });
    return graph.add("Add", [graph.add("MatMul", [value, transposed]), graph.parameter(bias)]);
  };
  const joint = project(input, `${name}.in_proj_weight`, `${name}.in_proj_bias`);
  const parts = graph.addMany("Split", { inputs: [joint], outputs: 3, attributes: { axis: 2n } });
  const [query, key, value] = parts.map((part, i) => {
    const split = graph.add("Reshape", [part, graph.integers([0, 0, heads, depth])]);
    return graph.add("Transpose", [split], { perm: i === 1 ? [0n, 2n, 3n, 1n] : [0n, 2n, 1n, 3n] });
  });
  const scores = graph.add("MatMul", [query!, key!]);
  const scale = graph.constant(`${name}.scale`, { values: [1 / Math.sqrt(depth)], dims: [] });
  const shares = graph.add("Softmax", [graph.add("Mul", [scores, scale])], { axis: -1n });
  const mixed = graph.add("Transpose", [graph.add("MatMul", [shares, value!])], { perm: [0n, 2n, 1n, 3n] });
  const joined = graph.add("Reshape", [mixed, graph.integers([0, 0, width])]);
  return project(joined, `${name}.out_proj.weight`, `${name}.out_proj.bias`);
}
