import { CallsignError } from "@callsign/audio/internal";
import {
  type GraphProto,
  makeFloatTensor,
  makeInt64Tensor,
  makeNode,
  type NodeProto,
  type OnnxModel,
  type TensorProto,
} from "@callsign/onnx/internal";

/**
 * Makes a model's noise a function of a seed. Runtimes fill RandomNormal, RandomUniform and their `Like` forms from
 * the clock, or from a generator that runs on from call to call; here each such node becomes a hash of the seed, of
 * the node and of the element's index, in integer operators every runtime has (`pow5` below), and Box-Muller.
 * The model is edited in place, subgraphs included.
 * @param options.seed an int64 value of shape [1] in the outermost graph
 * @returns how many nodes were replaced
 * @throws CallsignError `MODEL_INVALID` for random operators that have no such form
 */
export function seedNoise(
  model: OnnxModel,
  options: { readonly seed: string; readonly name: string },
): number {
  let count = 0;
  const visit = (graph: GraphProto): void => {
    graph.node = graph.node.flatMap((node) => {
      for (const attribute of node.attribute) {
        if (attribute.g) visit(attribute.g);
        attribute.graphs.forEach(visit);
      }
      if (UNSEEDABLE.has(node.opType)) throw unseedable(options.name, node);
      return RANDOM.has(node.opType) ? replacement(node, { ...options, salt: count++ }) : [node];
    });
  };
  visit(model.graph);
  return count;
}

const RANDOM = new Set(["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"]);
const UNSEEDABLE = new Set(["Bernoulli", "Multinomial"]);

/** 2^31 - 1, prime: products of two residues fit an int64, and x -> x^5 is one to one (5 does not divide it less one). */
const PRIME = 2_147_483_647;
/** Multipliers of full period modulo that prime (Lewis, Goodman, Miller 1969; Fishman, Moore 1986). */
const MULTIPLIERS = [48_271, 69_621, 16_807] as const;
/** 24 bits, the integers that a float32 holds exactly. */
const LEVELS = 16_777_216;

function replacement(node: NodeProto, options: { seed: string; name: string; salt: number }): NodeProto[] {
  const output = node.output[0]!;
  const graph = new Emitter(output);
  const [shape, index] = shapeAndIndex(node, { graph, name: options.name });
  const spread = graph.modulo(
    graph.add(graph.times(options.seed, MULTIPLIERS[2]), 2_654_435 * (options.salt + 1)),
  );
  const first = graph.modulo(graph.emit("Add", [graph.times(index, 40_503), graph.pow5(spread)]));
  const hashed = graph.pow5(graph.modulo(graph.add(graph.times(graph.pow5(first), MULTIPLIERS[0]), 11)));
  const low = graph.unit(hashed);
  const isUniform = node.opType.startsWith("RandomUniform");
  const flat = isUniform
    ? scaleUniform(graph, low, node)
    : scaleNormal(graph, [low, graph.second(hashed)], node);
  graph.nodes.push(makeNode("Reshape", { inputs: [flat, shape], outputs: [output] }));
  return graph.nodes;
}

function scaleUniform(graph: Emitter, unit: string, node: NodeProto): string {
  const low = floatAttribute(node, "low", 0);
  const high = floatAttribute(node, "high", 1);
  // (0, 1] as it comes; [0, 1) as the operator promises.
  const fromZero = graph.emit("Sub", [graph.float(1), unit]);
  return graph.emit("Add", [graph.emit("Mul", [fromZero, graph.float(high - low)]), graph.float(low)]);
}

/** Box-Muller: sqrt(-2 ln u) cos(2 pi v), u in (0, 1]. */
function scaleNormal(graph: Emitter, [u, v]: readonly [string, string], node: NodeProto): string {
  const radius = graph.emit("Sqrt", [graph.emit("Mul", [graph.emit("Log", [u]), graph.float(-2)])]);
  const angle = graph.emit("Cos", [graph.emit("Mul", [v, graph.float(2 * Math.PI)])]);
  const normal = graph.emit("Mul", [radius, angle]);
  const scaled = graph.emit("Mul", [normal, graph.float(floatAttribute(node, "scale", 1))]);
  return graph.emit("Add", [scaled, graph.float(floatAttribute(node, "mean", 0))]);
}

/** Writes nodes whose outputs are named after the value they lead to. */
class Emitter {
  readonly nodes: NodeProto[] = [];
  readonly #prefix: string;
  #next = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  emit(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, bigint | TensorProto>> = {},
  ): string {
    const output = `${this.#prefix}/seeded_${this.#next++}`;
    this.nodes.push(makeNode(opType, { inputs, outputs: [output], attributes }));
    return output;
  }

  integer(value: number, dims: readonly number[] = [1]): string {
    return this.emit("Constant", [], { value: makeInt64Tensor("", { values: [value], dims }) });
  }

  float(value: number): string {
    return this.emit("Constant", [], { value: makeFloatTensor("", { values: [value], dims: [1] }) });
  }

  add = (value: string, constant: number): string => this.emit("Add", [value, this.integer(constant)]);
  times = (value: string, constant: number): string => this.emit("Mul", [value, this.integer(constant)]);
  modulo = (value: string, by: number = PRIME): string => this.emit("Mod", [value, this.integer(by)]);

  /** A nonlinear mixing step: one to one on the residues, and far from linear in any bit. */
  pow5(value: string): string {
    const square = this.modulo(this.emit("Mul", [value, value]));
    const fourth = this.modulo(this.emit("Mul", [square, square]));
    return this.modulo(this.emit("Mul", [fourth, value]));
  }

  /** (0, 1] in steps of 2^-24. */
  unit(hashed: string): string {
    const level = this.emit("Cast", [this.add(this.modulo(hashed, LEVELS), 1)], { to: FLOAT });
    return this.emit("Mul", [level, this.float(1 / LEVELS)]);
  }

  second(hashed: string): string {
    return this.unit(this.pow5(this.modulo(this.add(this.times(hashed, MULTIPLIERS[1]), 7))));
  }
}

/** TensorProto.DataType FLOAT, in onnx.proto. */
const FLOAT = 1n;

/** The shape to fill, and 0, 1, 2 ... for its elements. A shape that is known needs no Range, which opset 10 lacks. */
function shapeAndIndex(node: NodeProto, { graph, name }: { graph: Emitter; name: string }): [string, string] {
  const type = node.attribute.find((attribute) => attribute.name === "dtype")?.i;
  if (type !== undefined && type !== 0n && type !== FLOAT) throw unseedable(name, node);
  if (node.opType.endsWith("Like")) {
    const shape = graph.emit("Shape", [node.input[0]!]);
    const count = graph.emit("ReduceProd", [shape], { keepdims: 0n });
    return [shape, graph.emit("Range", [graph.integer(0, []), count, graph.integer(1, [])])];
  }
  const dims = (node.attribute.find((attribute) => attribute.name === "shape")?.ints ?? []).map(Number);
  const count = dims.reduce((product, size) => product * size, 1);
  if (!(count >= 0 && count <= MOST_ELEMENTS)) throw unseedable(name, node);
  const shape = makeInt64Tensor("", { values: dims });
  const index = makeInt64Tensor("", { values: Array.from({ length: count }, (_, i) => i) });
  return [graph.emit("Constant", [], { value: shape }), graph.emit("Constant", [], { value: index })];
}

/** A shape is only a claim of the file; a real one (Tacotron's prenet) has 256 elements. */
const MOST_ELEMENTS = 1_000_000;

const floatAttribute = (node: NodeProto, name: string, otherwise: number): number =>
  node.attribute.find((attribute) => attribute.name === name)?.f ?? otherwise;

const unseedable = (name: string, node: NodeProto): CallsignError =>
  new CallsignError(
    "MODEL_INVALID",
    `${name}: node '${node.name}' (${node.opType}) draws random numbers in a way that cannot be seeded (float32 normal ` +
      "and uniform noise can); export the model in float32 without sampling",
  );
