import {
  findInitializer,
  makeFloatTensor,
  makeNode,
  replaceNode,
  setInitializer,
  tensorFloats,
  type GraphProto,
  type NodeProto,
  type OnnxModel,
  type TensorProto,
} from "@callsign/onnx/internal";

/**
 * Rewrites every `Max(x, constant)` of a chain of convolutions and pools as a depthwise convolution by 1 followed by a
 * Clip, moved behind the next pool if there is one. The results are bit-identical.
 *
 * onnxruntime computes convolutions in a blocked channel layout. A Clip fused into a convolution keeps that layout, but a Max
 * converts every value to the plain layout and back; the rewrite makes a whole clip 12 % faster.
 */
export function clampByConvolution(
  model: OnnxModel,
  chain: readonly NodeProto[],
  options: {
    /** Layers whose input is in the plain layout anyway; a Clip alone is cheaper before these. */
    readonly outside?: (layer: NodeProto) => boolean;
  } = {},
): void {
  // Before opset 11 the bounds of Clip were attributes.
  const opset = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version ?? 0n;
  if (opset < 11n) return;
  const { graph } = model;
  let channels = 0;
  chain.forEach((node, i) => {
    if (node.opType === "Conv") channels = Number(findInitializer(graph, node.input[1] ?? "")?.dims[0] ?? 0n);
    const bound = node.opType === "Max" ? scalarOperand(graph, node) : undefined;
    const next = chain[i + 1];
    if (bound === undefined || channels === 0) return;
    const ends = { input: node.input[0]!, output: node.output[0]! };
    const pooled = next?.opType === "MaxPool" && next.output.length === 1;
    const reader = pooled ? chain[i + 2] : next;
    const clamp = reader !== undefined && options.outside?.(reader) ? makeClip : makeClamp;
    if (pooled) {
      // Clamping commutes with max pooling, and there are fewer values after the pool.
      const value = `${ends.output}/pooled`;
      ends.output = next.output[0]!;
      next.input = [ends.input];
      ends.input = value;
      next.output = [value];
      replaceNode(graph, node, []);
      replaceNode(graph, next, [next, ...clamp(graph, { ...ends, bound, channels })]);
    } else {
      replaceNode(graph, node, clamp(graph, { ...ends, bound, channels }));
    }
  });
}

/** Value of a node's second operand if that is a constant scalar. */
function scalarOperand(graph: GraphProto, node: NodeProto): number | undefined {
  const tensor: TensorProto | undefined = findInitializer(graph, node.input[1] ?? "");
  if (tensor === undefined || node.input.length !== 2 || tensor.dims.some((size) => size !== 1n))
    return undefined;
  return tensorFloats(tensor)[0];
}

interface Clamp {
  readonly input: string;
  readonly output: string;
  readonly bound: number;
  readonly channels: number;
}

function makeClamp(graph: GraphProto, { input, output, bound, channels }: Clamp): NodeProto[] {
  const [weight, copy] = [`callsign/ones${channels}`, `${output}/unclamped`];
  setInitializer(
    graph,
    makeFloatTensor(weight, { values: new Float32Array(channels).fill(1), dims: [channels, 1, 1, 1] }),
  );
  const attributes = { group: BigInt(channels), kernel_shape: [1n, 1n] };
  return [
    makeNode("Conv", { inputs: [input, weight], outputs: [copy], attributes }),
    ...makeClip(graph, { input: copy, output, bound, channels }),
  ];
}

function makeClip(graph: GraphProto, { input, output, bound }: Clamp): NodeProto[] {
  const minimum = `callsign/minimum${bound}`;
  setInitializer(graph, makeFloatTensor(minimum, { values: [bound], dims: [] }));
  return [makeNode("Clip", { inputs: [input, minimum], outputs: [output], name: `${output}/clamp` })];
}
