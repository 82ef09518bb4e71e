import { createRandom } from "@callsign/data/internal";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";

import type { Backend } from "../backends/backend.ts";
import { EmbeddingNoise } from "../batches/embedding-noise.ts";
import type { DetectorConfig } from "../config/config.ts";
import { resolveTraining } from "../config/resolve-training.ts";
import { createArchitecture } from "../models/create-architecture.ts";
import { Learner } from "../optimize/learner.ts";
import { initialWeights } from "../weights/initial-weights.ts";

/** Steps before the measurement; the first ones compile the graph. */
const WARM_UP_STEPS = 4;

/**
 * Measures the training speed of a config on this machine, in windows per second, with steps on random features. Takes about
 * `seconds`, plus the time to compile the step.
 */
export async function measureTraining(
  { config, backend }: { readonly config: DetectorConfig; readonly backend: Backend },
  {
    seconds = 1,
    now = () => performance.now(),
  }: { readonly seconds?: number; readonly now?: () => number } = {},
): Promise<number> {
  const { tf } = backend;
  const { batch, noise, offset } = config.train;
  const { architecture: network, learningRate } = resolveTraining(config);
  const architecture = createArchitecture(network);
  const random = createRandom("measure");
  const learner = new Learner(tf, { architecture, weights: initialWeights(architecture, random) });
  const size = batch.positives + batch.negatives;
  const [embeddings = 1] = architecture.featureShape.slice(0, -1);
  const shape = [size, ...architecture.featureShape];
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const noises = new EmbeddingNoise({ noise, offset }, random);
  const targets = tf.tensor2d(new Float32Array(size * config.labels.length), [size, config.labels.length]);
  const step = async (): Promise<void> => {
    const copy = values.slice();
    if (noise > 0 || offset > 0) noises.addTo(copy, { embeddings, random });
    const features: Tensor = tf.tensor(copy, shape);
    const loss: Scalar = learner.step({ features, targets }, { learningRate });
    await backend.submit();
    // Waits for the device.
    await loss.data();
    tf.dispose([features, loss]);
  };
  try {
    for (let i = 0; i < WARM_UP_STEPS; i++) await step();
    const started = now();
    let steps = 0;
    while (steps === 0 || now() - started < 1000 * seconds) {
      await step();
      steps++;
    }
    return (1000 * steps * size) / (now() - started);
  } finally {
    tf.dispose(targets);
    learner.dispose();
  }
}
