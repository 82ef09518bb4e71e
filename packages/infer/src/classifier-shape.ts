import { EMBEDDING } from "./embedding-graph.ts";
import { CallsignError } from "./errors.ts";
import type { Session, TensorInfo } from "./session.ts";

/** How a classifier graph is to be fed. */
export interface ClassifierShape {
  readonly input: string;
  readonly output: string;
  /** Values of one example. */
  readonly exampleLength: number;
  /** Dimensions after the batch. */
  readonly dims: readonly number[];
  /** `one`: the graph fixes its batch at 1. */
  readonly batch: "one" | "any";
}

/**
 * Reads the declared shapes of a graph's first input and first output and checks that they can carry
 * `[n, embeddings, 96] -> [n, labels]`. A symbolic dimension fits anything.
 * @throws CallsignError `MODEL_SHAPE_MISMATCH`, or `CARD_MISMATCH` where only the number of labels differs
 */
export function checkClassifierShape(
  session: Session,
  expected: { readonly name: string; readonly labels: readonly string[]; readonly embeddings: number },
): ClassifierShape {
  const { name, labels, embeddings } = expected;
  const [input] = session.inputs;
  const [output] = session.outputs;
  if (input === undefined || output === undefined)
    throw mismatch(name, "a graph with an input and an output", "one without");
  if (session.inputs.length > 1)
    throw mismatch(name, "one input", `${session.inputs.length}: ${session.inputs.map(describe).join(", ")}`);
  const exampleLength = embeddings * EMBEDDING.dimension;
  const sequence = [embeddings, EMBEDDING.dimension];
  const dims = [sequence, [exampleLength]].find((candidate) => fits(input, candidate));
  if (dims === undefined) {
    const got = `${describe(input)}; check the card's windowing`;
    throw mismatch(name, `a float32 input [n, ${sequence.join(", ")}]`, got);
  }
  checkOutput(output, { name, labels });
  const batch = input.dims[0] === 1 || output.dims[0] === 1 ? "one" : "any";
  return { input: input.name, output: output.name, exampleLength, dims, batch };
}

function fits({ type, dims }: TensorInfo, expected: readonly number[]): boolean {
  const [batch, ...rest] = dims;
  if (type !== "float32" || rest.length !== expected.length) return false;
  if (typeof batch === "number" && batch !== 1) return false;
  return rest.every((dim, i) => typeof dim === "string" || dim === expected[i]);
}

function checkOutput(
  output: TensorInfo,
  { name, labels }: { name: string; labels: readonly string[] },
): void {
  const [batch, ...rest] = output.dims;
  const shaped = rest.length <= 1 && (typeof batch !== "number" || batch === 1);
  if (output.type !== "float32" || output.dims.length === 0 || !shaped)
    throw mismatch(name, `a float32 output [n, ${labels.length}]`, describe(output));
  const scores = rest[0] ?? 1;
  if (typeof scores === "number" && scores !== labels.length)
    throw new CallsignError(
      "CARD_MISMATCH",
      `${name}: the card names ${labels.length} labels (${labels.slice(0, 8).join(", ")}), ` +
        `the graph gives ${scores} scores: ${describe(output)}`,
    );
}

const mismatch = (name: string, expected: string, got: string): CallsignError =>
  new CallsignError("MODEL_SHAPE_MISMATCH", `${name}: expected ${expected}, got ${got}`);

const describe = ({ name, type, dims }: TensorInfo): string =>
  `${JSON.stringify(name)} ${type} [${dims.join(", ")}]`;
