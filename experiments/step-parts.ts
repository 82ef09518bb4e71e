/**
 * `npx tsx --conditions=@callsign/source experiments/step-parts.ts [--embedding FILE] [--rounds N]`: where the time of a
 * detector's step goes. Prints medians in microseconds by the clock: its parts each on its own and hot, front-end and
 * classifier by turns as a detector runs them, both as one file, the detector itself, and the front-end of several
 * streams in one run. All take turns in the same process.
 */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { percentile } from "@callsign/eval/internal";
import {
  createFrontend,
  EMBEDDING,
  loadClassifier,
  LOG_MEL,
  type Session,
  type Tensor,
} from "@callsign/infer/internal";
import {
  CALLSIGN_EMBEDDING,
  createNodeSession,
  loadDetector,
  readModel,
} from "@callsign/infer/node/internal";
import { makeUntrainedModel } from "@callsign/train/internal";
import { buildLogMelModel } from "../packages/infer/src/frontend/log-mel-graph.ts";
import { buildSingleFile } from "../packages/infer/src/export/single-file.ts";
import { makeStreamingEmbedding } from "../packages/infer/src/frontend/streaming/streaming-embedding.ts";

const { values } = parseArgs({
  options: { embedding: { type: "string" }, rounds: { type: "string", default: "60" } },
});
/** Steps of a turn; the first few, cold, are left out. */
const TURN = 30;
const COLD = 5;
const { chunkLength, contextLength, chunkFrames, melBins } = LOG_MEL;

const file = values.embedding ?? fileURLToPath(CALLSIGN_EMBEDDING.packaged);
const folder = await makeUntrainedModel(file);
const createSession = createNodeSession();
const model = await readModel(folder, { embeddingPath: file });
const detector = await loadDetector(folder, { embeddingPath: file });
await rm(folder, { recursive: true });
const { embedding } = model;
const frontend = await createFrontend({ createSession, embedding, floor: "chunk" });
const runner = await frontend.streams();
const classifier = await loadClassifier(model.classifier, {
  name: model.name,
  createSession,
  labels: model.card.labels,
  embeddings: 16,
});
const streaming = makeStreamingEmbedding(embedding);
const open = (bytes: Uint8Array): Promise<Session> => createSession(bytes, { name: "part" });
const single = await open(await buildSingleFile({ ...model, createSession }));
const singleState = Number(single.inputs.find(({ name }) => name === "state")!.dims[1]);

const chunk = noise(chunkLength);
const features = noise(16 * EMBEDDING.dimension);
const stepOne = runner.bind(buffersOf(1));
const parts: Record<string, () => Promise<unknown>> = {
  "log-mel": part(await open(buildLogMelModel({ floor: "chunk" })), {
    samples: [contextLength + chunkLength],
  }),
  "streaming embedding": part(await open(streaming.model), {
    logMel: [chunkFrames, melBins],
    state: [streaming.stateLength],
  }),
  "front-end (both in one graph)": stepOne,
  classifier: () => classifier.score(features, 1),
  "front-end and classifier by turns": async () => {
    await stepOne();
    await classifier.score(features, 1);
  },
  "front-end and classifier as one file": part(single, { samples: [chunkLength], state: [singleState] }),
  "detector.push": () => detector.push(chunk),
};
for (const streams of [2, 4, 8, 16, 32])
  parts[`front-end, ${streams} streams, each`] = runner.bind(buffersOf(streams));

const times = new Map<string, number[]>(Object.keys(parts).map((name) => [name, []]));
for (let round = -COLD; round < Number(values.rounds); round++)
  for (const [name, run] of Object.entries(parts))
    for (let i = 0; i < TURN; i++) {
      const start = performance.now();
      await run();
      if (round >= 0 && i >= COLD) times.get(name)!.push((performance.now() - start) * 1000);
    }
for (const [name, all] of times) {
  const streams = Number(/(\d+) streams/.exec(name)?.[1] ?? 1);
  const [quarter, half] = [25, 50].map((percent) => (percentile(all, percent) / streams).toFixed(1));
  console.log(`${name.padEnd(40)} ${half!.padStart(7)} us (a quarter under ${quarter})`);
}
await detector.dispose();

/** A run of a session on one row of each input. */
function part(session: Session, inputs: Readonly<Record<string, readonly number[]>>): () => Promise<unknown> {
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, dims]): [string, Tensor] => [
      name,
      { data: noise(dims.reduce((size, one) => size * one, 1)), dims: [1, ...dims] },
    ]),
  );
  return () => session.run(tensors);
}

function buffersOf(streams: number) {
  return {
    samples: noise(streams * chunkLength),
    states: new Float32Array(streams * runner.stateLength),
    embeddings: new Float32Array(streams * EMBEDDING.dimension),
  };
}

function noise(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 3000 * Math.sin(i * i));
}
