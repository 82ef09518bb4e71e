import { makeInt64Tensor, makeNode, type NodeProto, type TensorProto } from "@callsign/onnx/internal";

/** A part of a graph, to be put together with others. */
export interface GraphPart {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
}

/** Rows that one layer keeps from step to step. */
export interface StatePiece {
  /** Dimensions after the batch. */
  readonly dims: readonly number[];
  /** The value that the layer reads what was kept from, `[batch, ...dims]`. */
  readonly before: string;
  /** The value that holds what is to be kept, of the same shape. */
  readonly after: string;
}

/** Values of one stream's state. */
export const stateLength = (pieces: readonly StatePiece[]): number =>
  pieces.reduce((sum, { dims }) => sum + sizeOf(dims), 0);

/**
 * All pieces in one tensor, `state [batch, stateLength]` in and `nextState` out, so that a stream's state is one row
 * of numbers that can be kept, copied and stacked. Measured no slower than an input and an output for each piece.
 * `unpack` goes before the nodes that read the pieces, `pack` behind those that make them. The second reads nothing
 * that is there before the first has read all of `state`, so both may share one buffer.
 */
export function packState(
  pieces: readonly StatePiece[],
  { state, nextState }: { readonly state: string; readonly nextState: string },
): { readonly unpack: GraphPart; readonly pack: GraphPart } {
  const flat = ({ before }: StatePiece): string => `${before}/flat`;
  const shape = ({ before }: StatePiece): string => `${before}/shape`;
  return {
    unpack: {
      nodes: [
        makeNode("Split", {
          inputs: [state, "state/sizes"],
          outputs: pieces.map(flat),
          attributes: { axis: 1n },
        }),
        ...pieces.map((piece) =>
          makeNode("Reshape", { inputs: [flat(piece), shape(piece)], outputs: [piece.before] }),
        ),
      ],
      initializers: [
        makeInt64Tensor("state/sizes", { values: pieces.map(({ dims }) => sizeOf(dims)) }),
        ...pieces.map((piece) => makeInt64Tensor(shape(piece), { values: [0, ...piece.dims] })),
      ],
    },
    pack: {
      nodes: [
        ...pieces.map(({ after }) =>
          makeNode("Flatten", { inputs: [after], outputs: [`${after}/row`], attributes: { axis: 1n } }),
        ),
        makeNode("Concat", {
          inputs: pieces.map(({ after }) => `${after}/row`),
          outputs: [nextState],
          attributes: { axis: 1n },
        }),
      ],
      initializers: [],
    },
  };
}

/**
 * What was kept and what is new, joined along an axis, and the last `rows` of both to keep next.
 * Outputs are named `PREFIX/joined` and `PREFIX/after`; the piece is read from `PREFIX/before`.
 */
export function keepRows(
  value: string,
  options: { readonly prefix: string; readonly axis: number; readonly rows: number },
): GraphPart & { readonly before: string; readonly joined: string; readonly after: string } {
  const { prefix, axis, rows } = options;
  const [before, joined, after] = [`${prefix}/before`, `${prefix}/joined`, `${prefix}/after`];
  const range = [`${prefix}/from`, `${prefix}/to`, `${prefix}/axis`];
  return {
    before,
    joined,
    after,
    nodes: [
      makeNode("Concat", {
        inputs: [before, value],
        outputs: [joined],
        attributes: { axis: BigInt(axis) },
      }),
      makeNode("Slice", { inputs: [joined, ...range], outputs: [after] }),
    ],
    initializers: [[-rows], [END], [axis]].map((values, i) => makeInt64Tensor(range[i]!, { values })),
  };
}

/** "To the end" for Slice: anything beyond it. */
export const END = 2 ** 31 - 1;

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, size) => product * size, 1);
