import { LOG_MEL_IO } from "./graph-names.ts";
import { COS, hannWindow, LOG_MEL, type LogMelFloor, melFilters, SIN } from "./log-mel.ts";
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

const { windowLength, fftLength, hopLength, melBins } = LOG_MEL;
const OFFSET = (fftLength - windowLength) / 2;

/**
 * Builds the log-mel graph as ONNX bytes: `samples [batch, samples]` to `logMel [batch, frames, 32]`, each row of the batch
 * clamped separately. With floor `chunk`, `samples` is 480 samples of context followed by whole chunks of 1280; other
 * lengths fail at run time.
 *
 * Frames are formed by two reshapes and multiplied by one matrix of window and transform, restricted to the bins that a mel
 * filter uses. A convolution would be shorter, but onnxruntime sums its products in an order that depends on the number of
 * frames; a product with a constant matrix does not, so that chunks and clips are bit-identical.
 */
export function buildLogMelModel(options: { readonly floor: LogMelFloor }): Uint8Array {
  const parts = [
    framing(),
    spectrum(),
    logarithm(),
    options.floor === "window" ? windowFloor() : chunkFloor(),
  ];
  const graph = makeGraph(`callsign-log-mel-${options.floor}`, {
    inputs: [makeValueInfo(LOG_MEL_IO.input, { dims: ["batch", "samples"] })],
    outputs: [makeValueInfo(LOG_MEL_IO.output, { dims: ["batch", "frames", melBins] })],
    nodes: parts.flatMap((part) => part.nodes),
    initializers: parts.flatMap((part) => part.initializers),
  });
  return encodeOnnx(makeModel(graph, { metadata: { floor: options.floor } }));
}

interface Part {
  readonly nodes: NodeProto[];
  readonly initializers: TensorProto[];
}

/**
 * `samples [batch, n]` to `frames [batch, frames, 400]`: frame t is hop t, hop t + 1 and half of hop t + 2, with hops counted
 * from the start of the first window. The half hops are taken from hops offset by half a hop, which need no samples beyond
 * the last transform.
 */
function framing(): Part {
  const half = windowLength - 2 * hopLength;
  const halvesStart = OFFSET + 2 * hopLength - (hopLength - half);
  const slice = (input: string, output: string, range: readonly [string, string, string]): NodeProto =>
    makeNode("Slice", { inputs: [input, ...range], outputs: [output] });
  const reshape = (input: string, output: string): NodeProto =>
    makeNode("Reshape", { inputs: [input, "hopShape"], outputs: [output] });
  return {
    nodes: [
      makeNode("Shape", {
        inputs: [LOG_MEL_IO.input],
        outputs: ["sampleCount"],
        attributes: { start: 1n },
      }),
      makeNode("Sub", { inputs: ["sampleCount", "overlap"], outputs: ["hopped"] }),
      makeNode("Div", { inputs: ["hopped", "hop"], outputs: ["frameCount"] }),
      makeNode("Mul", { inputs: ["frameCount", "hop"], outputs: ["span"] }),
      makeNode("Add", { inputs: ["span", "hopsTail"], outputs: ["hopsEnd"] }),
      makeNode("Add", { inputs: ["span", "halvesStart"], outputs: ["halvesEnd"] }),
      slice(LOG_MEL_IO.input, "hopSamples", ["hopsStart", "hopsEnd", "axis1"]),
      slice(LOG_MEL_IO.input, "halfSamples", ["halvesStart", "halvesEnd", "axis1"]),
      reshape("hopSamples", "hops"),
      reshape("halfSamples", "halfHops"),
      slice("hops", "first", ["zero", "frameCount", "axis1"]),
      slice("hops", "second", ["one", "end", "axis1"]),
      slice("halfHops", "third", ["halfStart", "end", "axis2"]),
      makeNode("Concat", {
        inputs: ["first", "second", "third"],
        outputs: ["frames"],
        attributes: { axis: 2n },
      }),
    ],
    initializers: Object.entries({
      overlap: [fftLength - hopLength],
      hop: [hopLength],
      hopShape: [0, -1, hopLength],
      hopsStart: [OFFSET],
      hopsTail: [OFFSET + hopLength],
      halvesStart: [halvesStart],
      halfStart: [hopLength - half],
      zero: [0],
      one: [1],
      axis1: [1],
      axis2: [2],
      // Slice takes any end beyond the axis as its end.
      end: [2 ** 31 - 1],
    }).map(([name, values]) => makeInt64Tensor(name, { values })),
  };
}

/** `frames` to `melPower [batch, frames, 32]`: squares of the real and imaginary parts, summed by the filters. */
function spectrum(): Part {
  const filters = melFilters();
  const bins = usedBins(filters);
  const transform = makeTransform(bins);
  const weights = new Float32Array(2 * bins.length * melBins);
  for (let column = 0; column < 2 * bins.length; column++) {
    const bin = bins[column % bins.length]!;
    filters.forEach((filter, mel) => {
      weights[column * melBins + mel] = filter[bin]!;
    });
  }
  return {
    nodes: [
      makeNode("MatMul", { inputs: ["frames", "transform"], outputs: ["spectrum"] }),
      makeNode("Mul", { inputs: ["spectrum", "spectrum"], outputs: ["squares"] }),
      makeNode("MatMul", { inputs: ["squares", "melFilters"], outputs: ["melPower"] }),
    ],
    initializers: [
      makeFloatTensor("transform", { values: transform, dims: [windowLength, 2 * bins.length] }),
      makeFloatTensor("melFilters", { values: weights, dims: [2 * bins.length, melBins] }),
    ],
  };
}

/** Bins of the transform with a nonzero weight in some filter: 2 to 121. */
function usedBins(filters: readonly Float64Array[]): number[] {
  return Array.from({ length: fftLength / 2 + 1 }, (_, bin) => bin).filter((bin) =>
    filters.some((filter) => filter[bin]! > 0),
  );
}

/** `[400, 2 * bins]`: window times cosines, then window times negative sines. */
function makeTransform(bins: readonly number[]): Float32Array {
  const columns = 2 * bins.length;
  const values = new Float32Array(windowLength * columns);
  hannWindow().forEach((weight, i) => {
    bins.forEach((bin, column) => {
      const angle = (bin * (OFFSET + i)) % fftLength;
      values[i * columns + column] = weight * COS[angle]!;
      values[i * columns + bins.length + column] = -weight * SIN[angle]!;
    });
  });
  return values;
}

/** `melPower` to `unfloored`: log10(power) + 2, which is dB / 10 + 2. */
function logarithm(): Part {
  return {
    nodes: [
      makeNode("Max", { inputs: ["melPower", "minPower"], outputs: ["power"] }),
      makeNode("Log", { inputs: ["power"], outputs: ["naturalLog"] }),
      makeNode("Mul", { inputs: ["naturalLog", "log10e"], outputs: ["decimalLog"] }),
      makeNode("Add", { inputs: ["decimalLog", "shift"], outputs: ["unfloored"] }),
    ],
    initializers: [scalar("minPower", LOG_MEL.minPower), scalar("log10e", Math.LOG10E), scalar("shift", 2)],
  };
}

function windowFloor(): Part {
  return {
    nodes: raiseToFloor({ input: "unfloored", output: LOG_MEL_IO.output, axes: [1n, 2n] }),
    initializers: [scalar("range", LOG_MEL.rangeDb / 10)],
  };
}

/** As `windowFloor`, but with the frames of each chunk in one row. */
function chunkFloor(): Part {
  const reshape = (input: string, shape: string, output: string): NodeProto =>
    makeNode("Reshape", { inputs: [input, shape], outputs: [output] });
  return {
    nodes: [
      reshape("unfloored", "chunkShape", "chunks"),
      ...raiseToFloor({ input: "chunks", output: "flooredChunks", axes: [2n] }),
      reshape("flooredChunks", "frameShape", LOG_MEL_IO.output),
    ],
    initializers: [
      scalar("range", LOG_MEL.rangeDb / 10),
      makeInt64Tensor("chunkShape", { values: [0, -1, LOG_MEL.chunkFrames * melBins] }),
      makeInt64Tensor("frameShape", { values: [0, -1, melBins] }),
    ],
  };
}

const raiseToFloor = (names: { input: string; output: string; axes: readonly bigint[] }): NodeProto[] => [
  makeNode("ReduceMax", {
    inputs: [names.input],
    outputs: ["maximum"],
    attributes: { axes: names.axes, keepdims: 1n },
  }),
  makeNode("Sub", { inputs: ["maximum", "range"], outputs: ["floor"] }),
  makeNode("Max", { inputs: [names.input, "floor"], outputs: [names.output] }),
];

const scalar = (name: string, value: number): TensorProto =>
  makeFloatTensor(name, { values: [value], dims: [] });
