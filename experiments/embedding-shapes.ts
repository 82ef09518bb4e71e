/**
 * `npx tsx --conditions=@callsign/source experiments/embedding-shapes.ts [--rounds N] [--shapes FILE.json]`: cost of embeddings of several shapes at
 * random weights, beside the shape of configs/embedding.yaml. Prints a step of the streaming front-end (log-mel included), 16
 * streams in one step, and a whole clip, as ratios to that shape; all take turns in one process, and the lowest decile counts,
 * so that other jobs on the machine disturb little.
 */
import { parseArgs } from "node:util";
import { createRandom } from "@callsign/data/internal";
import { percentile } from "@callsign/eval/internal";
import { createFrontend, EMBEDDING, LOG_MEL, type Matrix } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { readConfig } from "../packages/cli/src/config/read-config.ts";
import { embeddingNetwork, type LayerPlan } from "../packages/train/src/embedding/embedding-network.ts";
import { encodeEmbedding } from "../packages/train/src/embedding/encode-embedding.ts";
import { initialWeights } from "../packages/train/src/weights/initial-weights.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "40" }, shapes: { type: "string" } },
});
const shapes: Record<string, readonly LayerPlan[]> = {
  today: (
    (await readConfig("configs/embedding.yaml", { env: { CALLSIGN_DATA: "." } })) as { layers: LayerPlan[] }
  ).layers,
  ...(values.shapes && ((await readConfig(values.shapes, { env: {} })) as Record<string, LayerPlan[]>)),
};
const CLIP_STEPS = 125;
const TURN = 20;
const COLD = 5;

const createSession = createNodeSession();
interface Measured {
  readonly weights: number;
  readonly products: number;
  readonly times: Record<"step" | "sixteen" | "clip", number[]>;
  readonly runs: Record<"step" | "sixteen" | "clip", () => Promise<unknown>>;
}
const measured = new Map<string, Measured>();
for (const [name, plan] of Object.entries(shapes)) {
  const network = embeddingNetwork(plan);
  const moments = new Map(
    network.layers.map(({ name, outputs }) => [
      name,
      { mean: new Float32Array(outputs), variance: new Float32Array(outputs).fill(1) },
    ]),
  );
  const scale = {
    mean: new Float32Array(EMBEDDING.dimension),
    deviation: new Float32Array(EMBEDDING.dimension).fill(1),
  };
  const weights = initialWeights(network, createRandom(1));
  const embedding = encodeEmbedding(network, { weights, moments, scale }, { version: "0" });
  const frontend = await createFrontend({ createSession, embedding, floor: "chunk" });
  const runner = await frontend.streams();
  const frames = EMBEDDING.windowFrames + (CLIP_STEPS - 1) * EMBEDDING.strideFrames;
  const clip: Matrix = { data: noise(frames * LOG_MEL.melBins), rows: frames, columns: LOG_MEL.melBins };
  const buffers = (streams: number) => ({
    samples: noise(streams * LOG_MEL.chunkLength),
    states: new Float32Array(streams * runner.stateLength),
    embeddings: new Float32Array(streams * EMBEDDING.dimension),
  });
  let rate = EMBEDDING.strideFrames;
  const products = network.layers.reduce((sum, { inputs, outputs, kernel, stride, bins }) => {
    rate /= stride[0];
    return sum + rate * bins[1] * outputs * inputs * kernel[0] * kernel[1];
  }, 0);
  measured.set(name, {
    weights: [...weights.values()].reduce((sum, { length }) => sum + length, 0),
    products,
    times: { step: [], sixteen: [], clip: [] },
    runs: {
      step: runner.bind(buffers(1)),
      sixteen: runner.bind(buffers(16)),
      clip: () => frontend.embed(clip),
    },
  });
}
for (let round = -2; round < Number(values.rounds); round++)
  for (const { times, runs } of measured.values())
    for (const kind of ["step", "sixteen", "clip"] as const)
      for (let i = 0; i < (kind === "step" ? TURN : kind === "sixteen" ? 8 : 2); i++) {
        const start = performance.now();
        await runs[kind]();
        if (round >= 0 && (kind !== "step" || i >= COLD)) times[kind].push(performance.now() - start);
      }
const cost = (times: readonly number[]): number => percentile(times, 10) * 1000;
const base = measured.get("today")!;
console.log(`${"shape".padEnd(16)} weights  products   step (us, ratio)   16 streams, each   clip, a step`);
for (const [name, { weights, products, times }] of measured) {
  const parts = (
    [
      ["step", 1],
      ["sixteen", 16],
      ["clip", CLIP_STEPS],
    ] as const
  ).map(
    ([kind, per]) =>
      `${(cost(times[kind]) / per).toFixed(1).padStart(8)} ${(cost(times[kind]) / cost(base.times[kind])).toFixed(2)}`,
  );
  console.log(
    `${name.padEnd(16)} ${String(weights).padStart(7)} ${String(products).padStart(9)} ${parts.join("      ")}`,
  );
}
process.exit(0);

function noise(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 3000 * Math.sin(i * i));
}
