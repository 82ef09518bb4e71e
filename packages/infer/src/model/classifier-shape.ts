import { EMBEDDING } from "../frontend/embedding.ts";
import { CallsignError } from "@callsign/audio/internal";
import type { Session, TensorInfo } from "../runtime/session.ts";

const { dimension } = EMBEDDING;

/** Input and output layout of a classifier graph. */
export interface ClassifierShape {
  readonly input: string;
  readonly output: string;
  /** Number of values per example. */
  readonly exampleLength: number;
  /** Input dimensions of a run with the given number of examples. */
  readonly inputDims: (examples: number) => number[];
  /** Examples per run if the graph fixes them. */
  readonly batch: number | "any";
}

/**
 * Checks that the declared shapes of a graph's first input and output are compatible with
 * `[n, embeddings, 96] -> [n, labels]`. A symbolic dimension matches any size; axes of length 1 are ignored.
 * @throws CallsignError `MODEL_SHAPE_MISMATCH`, or `CARD_MISMATCH` if only the number of labels differs
 */
export function checkClassifierShape(
  session: Session,
  expected: { readonly name: string; readonly labels: readonly string[]; readonly embeddings: number },
): ClassifierShape {
  const { name, labels, embeddings } = expected;
  const { input, output } = endsOf(session, name);
  const feed = feedOf(input, output, embeddings);
  if (feed === undefined)
    throw mismatch(
      name,
      `a float32 input [n, ${embeddings}, ${dimension}]`,
      `${describe(input)}; check the card's windowing`,
    );
  const batch = checkOutput(output, { name, labels, batch: feed.batch });
  return {
    input: input.name,
    output: output.name,
    exampleLength: embeddings * dimension,
    inputDims: feed.inputDims,
    batch,
  };
}

/** Input and output sizes of a head. */
export interface HeadShape {
  /** Embeddings per example. */
  readonly embeddings: number;
  /** Scores per example. */
  readonly outputs: number;
}

/**
 * Determines the number of embeddings and scores of a head from its declared shapes, or by runs on zeros if they are symbolic.
 * @param options.embeddings required if the graph accepts any number of embeddings
 * @throws CallsignError `MODEL_SHAPE_MISMATCH`
 */
export async function readHeadShape(
  session: Session,
  options: { readonly name: string; readonly embeddings?: number | undefined },
): Promise<HeadShape> {
  const { name, embeddings: asked } = options;
  const { input, output } = endsOf(session, name);
  const candidates = asked === undefined ? HEAD_LENGTHS : [asked];
  const fitting = candidates.filter((embeddings) => feedOf(input, output, embeddings) !== undefined);
  const found: HeadShape[] = [];
  let failure: unknown;
  for (const embeddings of fitting) {
    try {
      found.push({ embeddings, outputs: await countOutputs(session, embeddings) });
    } catch (error) {
      failure = error;
    }
    const [one, other] = found;
    if (other === undefined) continue;
    // A flat input of any length, or more scores for a longer input: this graph takes audio, not embeddings.
    if (input.dims.length < 3 || one!.outputs !== other.outputs) break;
    throw mismatch(
      name,
      "a graph that fixes the number of embeddings it reads, or that number as an option (CLI: --head-embeddings 16)",
      `${describe(input)}, which runs with any number; openWakeWord's heads read 16 unless their author says otherwise`,
    );
  }
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (fitting.length === 1) throw failure;
  const lengths = asked ?? "k";
  throw mismatch(
    name,
    `a float32 input [n, ${lengths}, ${dimension}] or [n, ${lengths} * ${dimension}] of speech embeddings`,
    `${describe(input)}${hintFor(input, asked)}`,
  );
}

/** Lengths to try; openWakeWord trains heads of up to about 4 s, 34 embeddings. */
const HEAD_LENGTHS = Array.from({ length: 256 }, (_, i) => i + 1);

async function countOutputs(session: Session, embeddings: number): Promise<number> {
  const [input, output] = [session.inputs[0]!, session.outputs[0]!];
  const { batch, inputDims } = feedOf(input, output, embeddings)!;
  const examples = batch === "any" ? 1 : batch;
  const data = new Float32Array(examples * embeddings * dimension);
  const result = await session.run({ [input.name]: { data, dims: inputDims(examples) } });
  return result[output.name]!.data.length / examples;
}

function hintFor({ type, dims }: TensorInfo, asked: number | undefined): string {
  if (type !== "float32") return "; convert the model to float32";
  if (asked !== undefined) return "; leave out the number of embeddings, or give the graph's own";
  return dims.length === 3 && dims[1] === dimension
    ? "; time and values seem to be swapped: transpose the input in the graph"
    : "; a graph that reads audio or log-mel frames is not a head";
}

function endsOf(session: Session, name: string): { readonly input: TensorInfo; readonly output: TensorInfo } {
  const [input] = session.inputs;
  const [output] = session.outputs;
  if (input === undefined || output === undefined)
    throw mismatch(name, "a graph with an input and an output", "one without");
  if (session.inputs.length > 1)
    throw mismatch(name, "one input", `${session.inputs.length}: ${session.inputs.map(describe).join(", ")}`);
  return { input, output };
}

type Feed = Pick<ClassifierShape, "batch" | "inputDims">;

/** Batch and input dimensions for examples of `embeddings` embeddings; undefined if the input does not accept them. */
function feedOf(input: TensorInfo, output: TensorInfo, embeddings: number): Feed | undefined {
  if (input.type !== "float32") return undefined;
  const [batch, ...rest] = input.dims;
  const dims = exampleDims(rest, embeddings);
  // [16, 96] is one example without a batch axis, unless 16 scores come out.
  const hasBatch = typeof batch !== "number" || batch === 1 || batch === output.dims[0] || rest.length > 1;
  if (dims !== undefined && hasBatch)
    return { batch: typeof batch === "number" ? batch : "any", inputDims: (examples) => [examples, ...dims] };
  const whole = input.dims.every((dim) => typeof dim === "number") && exampleDims(input.dims, embeddings);
  return whole ? { batch: 1, inputDims: () => whole } : undefined;
}

/** Dimensions of one example: `[embeddings, 96]` with any additional axes of length 1, or flat. */
function exampleDims(declared: readonly (number | string)[], embeddings: number): number[] | undefined {
  const length = embeddings * dimension;
  if (declared.length === 1)
    return typeof declared[0] === "string" || declared[0] === length ? [length] : undefined;
  const long = declared.filter((dim) => dim !== 1);
  const wanted = long.length === 1 && long[0] === dimension ? [dimension] : [embeddings, dimension];
  const fits =
    long.length === wanted.length &&
    long.every((dim, i) => typeof dim === "string" || dim === wanted[i]) &&
    (wanted.length === 2 || embeddings === 1);
  if (!fits) return undefined;
  const next = wanted.values();
  return declared.map((dim) => (dim === 1 ? 1 : next.next().value!));
}

/** Checks the declared output and returns the batch of input and output together. */
function checkOutput(
  output: TensorInfo,
  { name, labels, batch }: { name: string; labels: readonly string[]; batch: number | "any" },
): number | "any" {
  const { type, dims } = output;
  const wanted = `a float32 output [n, ${labels.length}]`;
  if (type !== "float32") throw mismatch(name, wanted, describe(output));
  // No dimensions: a scalar, or an undeclared shape. `loadClassifier` checks it by a run.
  if (dims.length === 0) return batch === "any" ? 1 : batch;
  const isRow = dims.length === 1 && labels.length > 1 && typeof dims[0] === "number";
  const [first, ...rest] = isRow ? [1, ...dims] : dims;
  const scores = rest.at(-1) ?? 1;
  const isFlat = rest.slice(0, -1).every((dim) => dim === 1 || typeof dim === "string");
  const sameBatch = typeof first !== "number" || first === 1 || first === batch;
  if (!isFlat || !sameBatch || (first === 1 && typeof batch === "number" && batch > 1))
    throw mismatch(name, wanted, describe(output));
  if (typeof scores === "number" && scores !== labels.length)
    throw new CallsignError(
      "CARD_MISMATCH",
      `${name}: the card names ${labels.length} labels (${labels.slice(0, 8).join(", ")}), ` +
        `the graph gives ${scores} scores: ${describe(output)}`,
    );
  return first === 1 ? 1 : batch;
}

const mismatch = (name: string, expected: string, got: string): CallsignError =>
  new CallsignError("MODEL_SHAPE_MISMATCH", `${name}: expected ${expected}, got ${got}`);

const describe = ({ name, type, dims }: TensorInfo): string =>
  `${JSON.stringify(name)} ${type} [${dims.join(", ")}]`;
