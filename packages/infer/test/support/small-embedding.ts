import {
  encodeOnnx,
  makeFloatTensor,
  makeGraph,
  makeInt64Tensor,
  makeModel,
  makeNode,
  makeValueInfo,
  type NodeProto,
  type TensorProto,
} from "@callsign/onnx/internal";
import { seededRandom } from "../../../../test-support/random.ts";

/** What a test may spoil. */
export interface Spoiled {
  readonly input?: readonly (string | number)[];
  readonly output?: readonly (string | number)[];
  readonly timePadding?: boolean;
  readonly lastKernel?: number;
  readonly extraNode?: NodeProto;
}

/**
 * A stand-in for the speech embedding where the real one is not at hand: the same layers in the same order, with random
 * weights and four channels until the last layer's 96.
 */
export function smallEmbedding(spoiled: Spoiled = {}): Uint8Array {
  const random = seededRandom(7);
  const nodes: NodeProto[] = [makeNode("Reshape", { inputs: ["input_1", "planes"], outputs: ["x0"] })];
  const initializers: TensorProto[] = [
    makeInt64Tensor("planes", { values: [-1, 1, 76, 32] }),
    makeInt64Tensor("flat", { values: [-1, 1, 1, 96] }),
    makeFloatTensor("lowest", { values: [-0.4], dims: [1, 1, 1, 1] }),
  ];
  let value = "x0";
  const add = (opType: string, inputs: string[], attributes: Record<string, bigint[] | number>): void => {
    const next = `x${nodes.length}`;
    nodes.push(makeNode(opType, { inputs: [value, ...inputs], outputs: [next], attributes }));
    value = next;
  };
  const convolve = (shape: [number, number, number, number], pads: bigint[]): void => {
    const name = `w${nodes.length}`;
    const [, inputs, height, width] = shape;
    const scale = 2 / Math.sqrt(inputs * height * width);
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Array.from({ length: size }, () => (random() * 2 - 1) * scale);
    initializers.push(makeFloatTensor(name, { values, dims: shape }));
    add("Conv", [name], { kernel_shape: [BigInt(height), BigInt(width)], strides: [1n, 1n], pads });
  };
  const activate = (): void => {
    add("LeakyRelu", [], { alpha: 0.2 });
    add("Max", ["lowest"], {});
  };
  const alongBins = (): void => {
    convolve([4, 4, 1, 3], [0n, 1n, 0n, 1n]);
    activate();
  };
  const alongTime = (): void => {
    convolve([4, 4, 3, 1], [0n, 0n, 0n, 0n]);
    activate();
  };
  const pool = (time: bigint): void => add("MaxPool", [], { kernel_shape: [time, 2n], strides: [time, 2n] });
  convolve([4, 1, 3, 3], spoiled.timePadding ? [1n, 1n, 1n, 1n] : [0n, 1n, 0n, 1n]);
  activate();
  alongBins();
  alongTime();
  pool(2n);
  for (const time of [1n, 2n, 1n, 2n]) {
    for (const layer of [alongBins, alongTime, alongBins, alongTime]) layer();
    pool(time);
  }
  convolve([96, 4, spoiled.lastKernel ?? 3, 1], [0n, 0n, 0n, 0n]);
  nodes.push(makeNode("Reshape", { inputs: [value, "flat"], outputs: ["conv2d_19"] }));
  if (spoiled.extraNode) nodes.push(spoiled.extraNode);
  return encodeOnnx(
    makeModel(
      makeGraph("small", {
        inputs: [makeValueInfo("input_1", { dims: spoiled.input ?? ["b", 76, 32, 1] })],
        outputs: [makeValueInfo("conv2d_19", { dims: spoiled.output ?? ["b", 1, 1, 96] })],
        nodes,
        initializers,
      }),
      { opset: 13 },
    ),
  );
}
