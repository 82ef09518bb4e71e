import { EMBEDDING } from "../frontend/embedding.ts";
import { CallsignError } from "@callsign/audio/internal";
import { LOG_MEL } from "../frontend/log-mel.ts";
import { embeddingsOf, type ModelCard } from "../model/model-card.ts";
import { SINGLE_FILE_IO, type SingleFileParts } from "./single-file-parts.ts";
import {
  decodeOnnx,
  encodeOnnx,
  graphInputs,
  makeFloatTensor,
  makeGraph,
  makeInt64Tensor,
  makeModel,
  makeNode,
  makeValueInfo,
  renameValues,
  valueDims,
  type OnnxModel,
  type ValueInfoProto,
} from "@callsign/onnx/internal";
import { streamFrontend } from "../frontend/streaming/stream-graph.ts";
import { toOpset } from "./opset.ts";
import { derivedGraphs } from "../frontend/frontend-graphs.ts";
import { StreamRunner } from "../frontend/streaming/stream-runner.ts";
import {
  type GraphPart,
  keepRows,
  packState,
  stateLength,
  type StatePiece,
} from "../frontend/streaming/stream-state.ts";

/** The graph of `buildSingleFile`. */
export async function buildSingleFileGraph(parts: SingleFileParts): Promise<Uint8Array> {
  const { card, embedding } = parts;
  const { windowing } = card;
  if (windowing.kind !== "embedding-sequence")
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${card.name}: expected windowing embedding-sequence for a single file, got ${windowing.kind}, ` +
        `which computes every window anew`,
    );
  if (card.testTimeAugmentation !== undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${card.name}: its card asks for test-time augmentation with ${card.testTimeAugmentation.length} copies, and a single file ` +
        `hears the audio as it is; remove testTimeAugmentation from the card (scores then differ), or run the model with Callsign`,
    );
  const head = decodeOnnx(parts.classifier, { name: card.classifier.file });
  const { inputs, outputs } = SINGLE_FILE_IO;
  const frontend = streamFrontend(embedding, { samples: inputs.samples, name: card.frontend.embedding.id });
  const features = keepRows(frontend.output, { prefix: "features", axis: 1, rows: windowing.embeddings });
  const started: StatePiece = { dims: [1], before: STARTED, after: STARTED };
  const history = {
    dims: [windowing.embeddings, EMBEDDING.dimension],
    before: features.before,
    after: features.after,
  };
  const pieces: StatePiece[] = [...frontend.pieces, history, started];
  const silence = await silentState(parts, windowing.embeddings);
  const start = startFromSilence(silence);
  const { unpack, pack } = packState(pieces, { state: start.output, nextState: outputs.state });
  const classifier = readHead(head, { features: features.after, scores: outputs.scores, card });
  const ours = toOpset(join([start, unpack, frontend, features]), {
    opset: classifier.opset,
    name: card.name,
  });
  const whole = join([ours, classifier, pack]);
  const [batch] = classifier.dims;
  const length = stateLength(pieces);
  const graph = makeGraph("callsign-single-file", {
    ...whole,
    inputs: [
      makeValueInfo(inputs.samples, { dims: [batch, LOG_MEL.chunkLength] }),
      makeValueInfo(inputs.state, { dims: [batch, length] }),
    ],
    outputs: [
      makeValueInfo(outputs.scores, { dims: classifier.dims }),
      makeValueInfo(outputs.state, { dims: [batch, length] }),
    ],
  });
  graph.sparseInitializer = head.graph.sparseInitializer;
  const model = makeModel(graph, {
    irVersion: Math.max(7, Number(head.irVersion)),
    producerVersion: card.createdBy.version,
    metadata: describe(card, length),
  });
  model.opsetImport = head.opsetImport;
  model.functions = head.functions;
  return encodeOnnx(model);
}

const STARTED = "started";

function join(parts: readonly GraphPart[]): GraphPart {
  return {
    nodes: parts.flatMap(({ nodes }) => nodes),
    initializers: parts.flatMap(({ initializers }) => initializers),
  };
}

/** The pieces' values after endless silence, in their order, and 1 for `started`. */
async function silentState(parts: SingleFileParts, embeddings: number): Promise<Float32Array> {
  const graphs = derivedGraphs(() => Promise.resolve(parts.embedding));
  const runner = await StreamRunner.create(parts.createSession, graphs);
  await runner.dispose();
  const { silence, silentEmbedding } = runner;
  const state = new Float32Array(silence.length + embeddings * silentEmbedding.length + 1);
  state.set(silence);
  for (let i = 0; i < embeddings; i++)
    state.set(silentEmbedding, silence.length + i * silentEmbedding.length);
  state[state.length - 1] = 1;
  return state;
}

/** A state whose last value is 0 has not started: it becomes the state after silence, whose last value is 1. */
function startFromSilence(silence: Float32Array): GraphPart & { readonly output: string } {
  const { state } = SINGLE_FILE_IO.inputs;
  const bool = 9n;
  return {
    output: "start/state",
    nodes: [
      makeNode("Slice", {
        inputs: [state, "start/last", "start/end", "start/axis"],
        outputs: ["start/flag"],
      }),
      makeNode("Cast", { inputs: ["start/flag"], outputs: ["start/going"], attributes: { to: bool } }),
      makeNode("Where", { inputs: ["start/going", state, "start/silence"], outputs: ["start/state"] }),
    ],
    initializers: [
      makeInt64Tensor("start/last", { values: [-1] }),
      makeInt64Tensor("start/end", { values: [2 ** 31 - 1] }),
      makeInt64Tensor("start/axis", { values: [1] }),
      makeFloatTensor("start/silence", { values: silence, dims: [1, silence.length] }),
    ],
  };
}

interface Head extends GraphPart {
  readonly opset: number;
  /** Of the scores. */
  readonly dims: readonly [number | string, ...(number | string)[]];
}

/** The classifier's nodes, reading the features and giving the scores; `loadClassifier` checks the shapes. */
function readHead(
  model: OnnxModel,
  options: { readonly features: string; readonly scores: string; readonly card: ModelCard },
): Head {
  const { features, scores, card } = options;
  const { graph } = model;
  const [input] = graphInputs(graph);
  const [output] = graph.output;
  const opset = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version;
  if (input === undefined || output === undefined)
    throw new CallsignError(
      "MODEL_INVALID",
      `${card.name}: expected a classifier with an input and an output`,
    );
  refuseOddShapes(card, input, output);
  const flat = valueDims(input)?.length === 2;
  const batch = [input, output].some((value) => valueDims(value)?.[0] === 1) ? 1 : "batch";
  const read = flat ? "features/flat" : features;
  const names = new Map([
    [input.name, read],
    [output.name, scores],
  ]);
  const dims = [batch, ...restOf(output, card.labels.length)] as const;
  renameValues(graph, (name) => names.get(name) ?? `head/${name}`);
  for (const node of graph.node) node.name = `head/${node.name}`;
  const flatten = makeNode("Flatten", {
    inputs: [features],
    outputs: ["features/flat"],
    attributes: { axis: 1n },
  });
  return {
    nodes: flat ? [flatten, ...graph.node] : graph.node,
    initializers: graph.initializer,
    opset: Number(opset),
    dims,
  };
}

/** @throws CallsignError `INVALID_ARGUMENT` for shapes that a detector can run and a single file cannot */
function refuseOddShapes(card: ModelCard, input: ValueInfoProto, output: ValueInfoProto): void {
  const [read, given] = [valueDims(input) ?? [], valueDims(output) ?? []];
  const length = embeddingsOf(card.windowing) * EMBEDDING.dimension;
  const isRow = read.length === 2 && (typeof read[1] !== "number" || read[1] === length);
  const isFixed = typeof read[0] === "number" && read[0] !== 1;
  if ((isRow || read.length === 3) && given.length <= 2 && !isFixed) return;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `${card.name}: a single file is made of heads [n, ${embeddingsOf(card.windowing)}, 96] or [n, ${length}] -> [n, labels] ` +
      `with n open or 1, got [${read.join(", ")}] -> [${given.join(", ")}]; export the head with that shape`,
  );
}

const restOf = (output: ValueInfoProto, labels: number): number[] =>
  (valueDims(output)?.length ?? 2) > 1 ? [labels] : [];

/** What a caller needs to know, as text; lists and maps are JSON. */
function describe(card: ModelCard, length: number): Record<string, string> {
  return {
    "callsign.format": SINGLE_FILE_IO.format,
    "callsign.name": card.name,
    "callsign.labels": JSON.stringify(card.labels),
    ...(card.decision.background !== undefined && { "callsign.background": card.decision.background }),
    "callsign.thresholds": JSON.stringify(card.decision.thresholds),
    "callsign.patience": String(card.decision.patience),
    "callsign.refractorySeconds": String(card.decision.refractorySeconds),
    "callsign.sampleRateHz": String(card.sampleRateHz),
    "callsign.audioScale": card.audioScale,
    "callsign.chunkLength": String(LOG_MEL.chunkLength),
    "callsign.stateLength": String(length),
  };
}
