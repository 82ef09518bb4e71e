import { makeInt64Tensor, makeNode, type NodeProto, type TensorProto } from "@callsign/onnx/internal";

/** Part of a graph. */
export interface GraphPart {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
}

/** Rows that one layer carries over to the next step. */
export interface StatePiece {
  /** Dimensions after the batch. */
  readonly dims: readonly number[];
  /** Name of the value with the rows of the previous step, `[batch, ...dims]`. */
  readonly before: string;
  /** Name of the value with the rows for the next step, of the same shape. */
  readonly after: string;
}

/** Number of values of one stream's state. */
export const stateLength = (pieces: readonly StatePiece[]): number =>
  pieces.reduce((sum, { dims }) => sum + sizeOf(dims), 0);

/**
 * Packs all pieces into one tensor, `state [batch, stateLength]` in and `nextState` out, so that a stream's state is one row
 * that can be stored, copied and stacked. Measured no slower than one input and output per piece. `unpack` goes before the
 * nodes that use the pieces and `pack` after them. `unpack` reads all of `state` before `pack` writes, so both may share a
 * buffer.
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
 * Joins the rows kept from the last step, `PREFIX/before`, and `value` along an axis: all of them are `PREFIX/joined`, the
 * last `rows` of them, for the next step, `PREFIX/after`.
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

/** End of any axis, for Slice. */
export const END = 2 ** 31 - 1;

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, size) => product * size, 1);
