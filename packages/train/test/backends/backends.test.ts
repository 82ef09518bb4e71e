import { createRandom } from "@callsign/data/internal";
import {
  BACKENDS,
  initialWeights,
  Learner,
  learningRateAt,
  loadBackend,
  mlp,
  type LoadedBackend,
} from "@callsign/train/internal";
import { describe, expect, it } from "vitest";
import { randomFeatures } from "../models/random-weights.ts";

/** Undefined where a backend is not installed; then its reason is checked instead. */
const tried = new Map<string, LoadedBackend | Error>();
for (const name of BACKENDS)
  tried.set(name, await loadBackend(name).catch((error: unknown) => error as Error));

const usable = BACKENDS.filter((name) => !(tried.get(name) instanceof Error));
const missing = BACKENDS.filter((name) => tried.get(name) instanceof Error);

/** Losses of ten steps and the scores after them, on a task that can be learned. */
async function train(name: string): Promise<{ losses: number[]; scores: Float32Array }> {
  const { tf } = (await loadBackend(name)).backend;
  const architecture = mlp({ inputs: 8, width: 16, blocks: 2 });
  const learner = new Learner(tf, { architecture, weights: initialWeights(architecture, createRandom(1)) });
  const values = randomFeatures(64 * 8, 2);
  const features = tf.tensor2d(values, [64, 8]);
  const targets = tf.tensor2d(
    Float32Array.from({ length: 64 }, (_, i) => Number(values[8 * i]! > 0)),
    [64, 1],
  );
  const losses: number[] = [];
  for (let step = 0; step < 10; step++) {
    const loss = learner.step(
      { features, targets },
      { learningRate: learningRateAt(step, { learningRate: 0.01, steps: 10 }) },
    );
    losses.push((await loss.data())[0]!);
    loss.dispose();
  }
  const logits = learner.logits(features);
  const scores = Float32Array.from(await logits.data(), (logit) => 1 / (1 + Math.exp(-logit)));
  tf.dispose([features, targets, logits]);
  learner.dispose();
  return { losses, scores };
}

/** What the plain JavaScript backend gives, trained once. */
const plain = {
  train: once(() => train("cpu")),
  threePhrases: once(() => trainThreePhrases("cpu")),
};

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Scores of a three-phrase training after 200 steps, each on a batch of its own. */
async function trainThreePhrases(name: string): Promise<Float32Array> {
  const { backend } = await loadBackend(name);
  const { tf } = backend;
  const architecture = mlp({ inputs: 24, width: 16, blocks: 4, labels: 3 });
  const learner = new Learner(tf, { architecture, weights: initialWeights(architecture, createRandom(1)) });
  const steps = 200;
  for (let step = 0; step < steps; step++) {
    const values = randomFeatures(64 * 24, step);
    const features = tf.tensor2d(values, [64, 24]);
    // A window is of no phrase or of several.
    const truth = Array.from({ length: 64 }, (_, i) =>
      [0, 1, 2].map((label) => Number(values[24 * i + label]! > 0.5)),
    );
    const targets = tf.tensor2d(truth);
    const learningRate = learningRateAt(step, { learningRate: 5e-3, steps });
    learner.step({ features, targets }, { learningRate }).dispose();
    await backend.submit();
    tf.dispose([features, targets]);
  }
  const features = tf.tensor2d(randomFeatures(256 * 24, -1), [256, 24]);
  const logits = learner.logits(features);
  const scores = Float32Array.from(await logits.data(), (logit) => 1 / (1 + Math.exp(-logit)));
  tf.dispose([features, logits]);
  learner.dispose();
  return scores;
}

describe.each(usable)("backend %s", (name) => {
  it("trains as the plain JavaScript one does", async () => {
    const reference = await plain.train();
    const { losses, scores } = await train(name);
    expect(reference.losses.at(-1)!).toBeLessThan(0.8 * reference.losses[0]!);
    expect(losses).toBeAllClose(reference.losses, { rtol: 1e-4 });
    expect(scores).toBeAllClose(reference.scores, { atol: 1e-3, rtol: 0 });
  });

  it("scores as the plain JavaScript one does after 200 steps of three phrases", async () => {
    const reference = await plain.threePhrases();
    expect(Math.max(...reference)).toBeGreaterThan(0.9);
    expect(Math.min(...reference)).toBeLessThan(0.1);
    expect(await trainThreePhrases(name)).toBeAllClose(reference, { atol: 1e-3, rtol: 0 });
  });

  it("says its name and what it runs on", async () => {
    const { backend, skipped } = await loadBackend(name);
    expect(backend.name).toBe(name);
    expect(backend.device).not.toBe("");
    expect(skipped).toEqual([]);
  });
});

describe.each(missing)("backend %s, not installed here", (name) => {
  it("is refused with the reason and how to enable it", () => {
    expect(tried.get(name)).toMatchObject({
      code: "DEPENDENCY_MISSING",
      message: expect.stringMatching(new RegExp(`^backend ${name} cannot be loaded: .+; to enable it: .+`)),
    });
  });
});

describe("loadBackend", () => {
  it("takes the fastest that loads for auto and says why the others did not", async () => {
    const { backend, skipped } = await loadBackend("auto");
    expect(usable).toContain(backend.name);
    expect(skipped.map(({ name }) => name)).toEqual(BACKENDS.slice(0, BACKENDS.indexOf(backend.name)));
    for (const { reason, enable } of skipped) expect(reason && enable).not.toBe("");
  });

  it("always has onnxruntime, wasm and cpu", () => {
    expect(usable).toEqual(expect.arrayContaining(["onnxruntime", "wasm", "cpu"]));
  });

  it("suggests the backend a misspelt name meant", async () => {
    await expect(loadBackend("wsam")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining('got "wsam"; did you mean wasm?'),
    });
  });
});
