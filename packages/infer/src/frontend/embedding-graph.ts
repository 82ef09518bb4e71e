import { EMBEDDING } from "./embedding.ts";
import { clampByConvolution } from "./embedding-clamp.ts";
import { EMBEDDING_IO } from "./graph-names.ts";
import { CallsignError } from "@callsign/audio/internal";
import { LOG_MEL } from "./log-mel.ts";
import {
  decodeOnnx,
  encodeOnnx,
  findConsumers,
  findInitializer,
  findProducer,
  graphInputs,
  makeInt64Tensor,
  makeNode,
  removeUnusedInitializers,
  renameValues,
  replaceNode,
  setInitializer,
  setValueDims,
  tensorInt64s,
  valueDims,
  type GraphProto,
  type NodeProto,
  type OnnxModel,
} from "@callsign/onnx/internal";

/** Parsed reference embedding: a chain of nodes between two reshapes, `[b, 76, 32, 1]` to `[b, 1, 1, 96]`. */
export interface EmbeddingGraph {
  readonly model: OnnxModel;
  readonly input: string;
  readonly output: string;
  readonly first: NodeProto;
  /** Convolutions, pools and pointwise nodes on `[batch, channels, time, melBins]`, unpadded in time. */
  readonly chain: readonly NodeProto[];
  readonly last: NodeProto;
}

/**
 * Rewrites the embedding of one 76-frame window into a graph for any number of frames: `logMel [batch, frames, 32]` to
 * `embeddings [batch, steps, 96]`. No layer pads the time axis, so overlapping windows share their computation and the
 * values are bit-identical.
 * @param bytes reference embedding
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`
 */
export function makeEmbeddingTimeDynamic(
  bytes: Uint8Array,
  options: { readonly name?: string } = {},
): Uint8Array {
  const { model, input, output, first, chain, last } = readEmbeddingGraph(bytes, options);
  const { graph } = model;
  clampByConvolution(model, chain);
  setInitializer(graph, makeInt64Tensor("callsign/planes", { values: [0, 1, -1, LOG_MEL.melBins] }));
  setInitializer(graph, makeInt64Tensor("callsign/channels", { values: [0, EMBEDDING.dimension, -1] }));
  replaceNode(graph, first, [
    makeNode("Reshape", { inputs: [input, "callsign/planes"], outputs: first.output }),
  ]);
  replaceNode(graph, last, [
    makeNode("Reshape", { inputs: [last.input[0]!, "callsign/channels"], outputs: ["callsign/rows"] }),
    makeNode("Transpose", {
      inputs: ["callsign/rows"],
      outputs: [output],
      attributes: { perm: [0n, 2n, 1n] },
    }),
  ]);
  removeUnusedInitializers(graph);
  graph.valueInfo = [];
  const names = new Map<string, string>([
    [input, EMBEDDING_IO.input],
    [output, EMBEDDING_IO.output],
  ]);
  renameValues(graph, (name) => names.get(name) ?? name);
  setValueDims(
    graph.input.find(({ name }) => name === EMBEDDING_IO.input)!,
    ["batch", "frames", LOG_MEL.melBins],
  );
  setValueDims(graph.output[0]!, ["batch", "steps", EMBEDDING.dimension]);
  return encodeOnnx(model);
}

/**
 * Parses the reference embedding and checks the assumptions of the rewrites: shapes of input and output, and a chain between
 * them with a receptive field of 76 frames, a stride of 8 and no padding of time.
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`
 */
export function readEmbeddingGraph(
  bytes: Uint8Array,
  options: { readonly name?: string } = {},
): EmbeddingGraph {
  const name = options.name ?? "embedding";
  const model = decodeOnnx(bytes, { name });
  const refuse: Refuse = (reason) => {
    throw new CallsignError(
      "MODEL_SHAPE_MISMATCH",
      `${name}: expected Google's speech embedding, ${reason}; get it with 'callsign models pull'`,
    );
  };
  const { graph } = model;
  const [inputs, outputs] = [graphInputs(graph), graph.output];
  const [input, output] = [inputs[0], outputs[0]];
  if (input === undefined || output === undefined || inputs.length > 1 || outputs.length > 1) {
    return refuse(`with one input and one output, got ${inputs.length} and ${outputs.length}`);
  }
  expectDims(valueDims(input), { expected: INPUT_DIMS, what: `input '${input.name}'`, refuse });
  expectDims(valueDims(output), { expected: OUTPUT_DIMS, what: `output '${output.name}'`, refuse });
  const first = findConsumers(graph, input.name)[0];
  const last = findProducer(graph, output.name);
  if (
    first === undefined ||
    last === undefined ||
    !reshapes(graph, first, [-1, 1, EMBEDDING.windowFrames, LOG_MEL.melBins])
  ) {
    return refuse(`whose input goes through a Reshape to [-1, 1, 76, 32], got ${first?.opType ?? "nothing"}`);
  }
  if (!reshapes(graph, last, [-1, 1, 1, EMBEDDING.dimension])) {
    return refuse(`whose output comes from a Reshape to [-1, 1, 1, 96], got ${last.opType}`);
  }
  const chain = followChain(graph, { first, last, refuse });
  checkTime(chain, refuse);
  return { model, input: input.name, output: output.name, first, chain, last };
}

type Refuse = (reason: string) => never;

const INPUT_DIMS = [undefined, EMBEDDING.windowFrames, LOG_MEL.melBins, 1] as const;
const OUTPUT_DIMS = [undefined, 1, 1, EMBEDDING.dimension] as const;

function expectDims(
  dims: readonly (number | string | undefined)[] | undefined,
  expectation: { expected: readonly (number | undefined)[]; what: string; refuse: Refuse },
): void {
  const { expected, what, refuse } = expectation;
  const agrees =
    dims?.length === expected.length && expected.every((size, i) => size === undefined || size === dims[i]);
  if (agrees) return;
  const show = (sizes: readonly (number | string | undefined)[]): string =>
    `[${sizes.map((size) => size ?? "batch").join(", ")}]`;
  refuse(`${what} of shape ${show(expected)}, got ${dims ? show(dims) : "no tensor"}`);
}

function reshapes(graph: GraphProto, node: NodeProto, target: readonly number[]): boolean {
  const shape = findInitializer(graph, node.input[1] ?? "");
  if (node.opType !== "Reshape" || shape === undefined) return false;
  const values = tensorInt64s(shape);
  return values.length === target.length && values.every((size, i) => Number(size) === target[i]);
}

/** Nodes between the first and the last, each with exactly one consumer. */
function followChain(
  graph: GraphProto,
  ends: { first: NodeProto; last: NodeProto; refuse: Refuse },
): NodeProto[] {
  const chain: NodeProto[] = [];
  for (let node = ends.first; ;) {
    const [next, ...others] = findConsumers(graph, node.output[0] ?? "");
    if (next === undefined || others.length > 0) {
      return ends.refuse(
        `a chain without branches, got ${others.length + Number(next !== undefined)} readers of '${node.output[0]}'`,
      );
    }
    if (next === ends.last) return chain;
    if (chain.length > graph.node.length) return ends.refuse("a chain, got a cycle");
    chain.push(next);
    node = next;
  }
}

const POINTWISE = new Set(["LeakyRelu", "Relu", "Max", "Min", "Clip", "Add", "Sub", "Mul"]);

/** Checks receptive field and stride of the chain. */
function checkTime(chain: readonly NodeProto[], refuse: Refuse): void {
  let frames = 1;
  let stride = 1;
  for (const node of chain) {
    if (POINTWISE.has(node.opType)) continue;
    if (node.opType !== "Conv" && node.opType !== "MaxPool")
      refuse(`of convolutions and pools, got ${node.opType}`);
    const layer = timeOf(node);
    if (layer.padded) refuse(`unpadded in time, got padding in '${node.name}' (${node.opType})`);
    frames += (layer.kernel - 1) * layer.dilation * stride;
    stride *= layer.stride;
  }
  if (frames !== EMBEDDING.windowFrames || stride !== EMBEDDING.strideFrames) {
    refuse(
      `seeing ${EMBEDDING.windowFrames} frames every ${EMBEDDING.strideFrames}, got ${frames} every ${stride}`,
    );
  }
}

/** Kernel, stride, dilation and padding of a convolution or pool along time, its first spatial axis. */
export function timeOf(node: NodeProto): {
  kernel: number;
  stride: number;
  dilation: number;
  padded: boolean;
} {
  const attribute = (name: string) => node.attribute.find((candidate) => candidate.name === name);
  const first = (name: string): number => Number(attribute(name)?.ints[0] ?? 1n);
  const pads = attribute("pads")?.ints ?? [];
  // SAME_UPPER and SAME_LOWER start with S; NOTSET and VALID add nothing to `pads`.
  const same = attribute("auto_pad")?.s?.[0] === "S".charCodeAt(0);
  const rounded = (attribute("ceil_mode")?.i ?? 0n) !== 0n;
  const padded = same || rounded || (pads[0] ?? 0n) !== 0n || (pads[pads.length / 2] ?? 0n) !== 0n;
  return { kernel: first("kernel_shape"), stride: first("strides"), dilation: first("dilations"), padded };
}
