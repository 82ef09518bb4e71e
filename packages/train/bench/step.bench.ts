import { createRandom } from "@callsign/data/internal";
import {
  ARCHITECTURES,
  createArchitecture,
  initialWeights,
  Learner,
  loadBackend,
  type TensorFlow,
  type Architecture,
  type DenseBlock,
} from "@callsign/train/internal";
import type { BenchRow } from "../../../test-support/bench-row.ts";
import { plainBlock } from "../test/models/plain-block.ts";
import { randomFeatures } from "../test/models/random-weights.ts";

/** Samples a second of a training step on each backend that runs on the CPU, and the fused block against plain operations. */
export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const name of ["onnxruntime", "tensorflow", "wasm"] as const) {
    const loaded = await loadBackend(name).catch(() => undefined);
    if (loaded) rows.push(...(await benchBackend(loaded.backend.tf, name)));
  }
  return rows;
}

async function benchBackend(tf: TensorFlow, name: string): Promise<BenchRow[]> {
  const group = `training step, ${name}`;
  const rows: BenchRow[] = [];
  for (const batch of [512, 4096]) {
    const mlp = createArchitecture({ name: "mlp" });
    const [fused, plain] = await race(batch === 512 ? 5 : 2, [
      trainer(tf, { architecture: mlp, batch }),
      trainer(tf, { architecture: mlp, batch, denseBlock: plainBlock(tf) }),
    ]);
    rows.push({
      group,
      name: `mlp, batch ${batch}`,
      value: batch / fused!,
      unit: "samples/s",
      ratio: plain! / fused!,
      baseline: `plain operations and autodiff, ${Math.round(batch / plain!)} samples/s`,
    });
  }
  for (const head of ARCHITECTURES.filter((other) => other !== "mlp")) {
    const [seconds] = await race(3, [
      trainer(tf, { architecture: createArchitecture({ name: head }), batch: 512 }),
    ]);
    rows.push({ group, name: `${head}, batch 512`, value: 512 / seconds!, unit: "samples/s" });
  }
  return rows;
}

interface Trainer {
  readonly step: () => Promise<void>;
  readonly dispose: () => void;
}

function trainer(
  tf: TensorFlow,
  options: { readonly architecture: Architecture; readonly batch: number; readonly denseBlock?: DenseBlock },
): Trainer {
  const { architecture, batch } = options;
  const learner = new Learner(tf, { ...options, weights: initialWeights(architecture, createRandom(1)) });
  const shape = [batch, ...architecture.featureShape];
  const features = tf.tensor(
    randomFeatures(
      shape.reduce((a, b) => a * b),
      1,
    ),
    shape,
  );
  const targets = tf.tensor2d(
    Float32Array.from({ length: batch }, (_, i) => i % 2),
    [batch, 1],
  );
  return {
    async step() {
      const loss = learner.step({ features, targets }, { learningRate: 1e-4 });
      // Reading it waits for the device.
      await loss.data();
      loss.dispose();
    },
    dispose() {
      learner.dispose();
      tf.dispose([features, targets]);
    },
  };
}

/** Median seconds of each trainer's step, taken in turns so that the machine's other load falls on all alike. */
async function race(rounds: number, trainers: readonly Trainer[]): Promise<number[]> {
  const times = trainers.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, { step }] of trainers.entries()) {
      const start = performance.now();
      await step();
      // The first round compiles and fills pools.
      if (round >= 0) times[i]!.push((performance.now() - start) / 1000);
    }
  }
  for (const { dispose } of trainers) dispose();
  return times.map((list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!);
}
