import { loadClassifier } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import {
  ARCHITECTURES,
  createArchitecture,
  encodeClassifier,
  Learner,
  loadBackend,
  parameterCount,
  splitWeights,
  type TensorFlow,
} from "@callsign/train/internal";
import { beforeAll, describe, expect, it } from "vitest";
import { brief, golden, pseudoRandom, pseudoWeights } from "./golden.ts";
import { randomFeatures, randomWeights } from "./random-weights.ts";

let tf: TensorFlow;

beforeAll(async () => {
  ({ tf } = (await loadBackend("wasm")).backend);
});

const small = (name: (typeof ARCHITECTURES)[number]) =>
  createArchitecture({ name, embeddings: 5, inputs: 6, width: 8, labels: 2, blocks: 2 });

const lossOptions = { labelSmoothing: 0.1, positiveWeight: 3 };

describe.each(ARCHITECTURES)("%s", (name) => {
  const expected = golden.models[name]!;
  const architecture = small(name);
  const batchOf = () => ({
    features: tf.tensor(
      pseudoRandom(7, 3 * architecture.featureShape.reduce((a, b) => a * b)).map((value) => 2 * value),
      [3, ...architecture.featureShape],
    ),
    targets: tf.tensor2d([
      [1, 0],
      [0, 1],
      [0.25, 0],
    ]),
    weights: tf.tensor2d([[1], [2], [0.5]]),
  });

  it("has PyTorch's parameters, in name and shape", () => {
    const parameters = Object.fromEntries(
      architecture.parameters.map((spec) => [spec.name, [...spec.shape]]),
    );
    expect(parameters).toEqual(expected.parameters);
  });

  it("gives PyTorch's logits, loss and gradients", async () => {
    const learner = new Learner(tf, { architecture, weights: pseudoWeights(architecture) });
    const batch = batchOf();
    expect(await learner.logits(batch.features).data()).toBeAllClose(expected.logits, { atol: 1e-5 });
    const { value, gradient } = learner.lossAndGradient(batch, lossOptions);
    expect(await value.data()).toBeAllClose([expected.loss], { rtol: 1e-5 });
    const gradients = splitWeights(architecture, Float32Array.from(await gradient.data()));
    for (const [parameter, values] of gradients)
      expect(brief(values), parameter).toBeAllClose(expected.gradients[parameter]!, {
        rtol: 1e-4,
        atol: 1e-6,
      });
    learner.dispose();
  });

  it("is after three clipped steps of AdamW where PyTorch is", async () => {
    const optimizer = { beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1 };
    const learner = new Learner(tf, {
      architecture,
      weights: pseudoWeights(architecture),
      optimizer,
      clipNorm: 0.1,
    });
    const batch = batchOf();
    for (const learningRate of [0.01, 0.02, 0.005])
      learner.step(batch, { learningRate, loss: lossOptions }).dispose();
    // Adam divides by the gradient's size, so where that is near zero its rounding shows.
    for (const [parameter, values] of await learner.weights())
      expect(brief(values), parameter).toBeAllClose(expected.trained[parameter]!, { rtol: 1e-4, atol: 2e-5 });
    learner.dispose();
  });

  it("scores alike in training, in onnxruntime and in the detector, at full size", async () => {
    const full = createArchitecture({ name, labels: 3 });
    const weights = randomWeights(full, 1);
    const dims = [4, ...full.featureShape];
    const features = randomFeatures(
      dims.reduce((a, b) => a * b),
      2,
    );
    const learner = new Learner(tf, { architecture: full, weights });
    const trained = await tf.sigmoid(learner.logits(tf.tensor(features, dims))).data();
    const graph = encodeClassifier(full, weights, { version: "test" });
    const session = await createNodeSession()(graph, { name });
    const { score } = await session.run({ embedding: { data: features, dims } });
    expect(score!.data as Float32Array).toBeAllClose(trained, { atol: 1e-5, rtol: 0 });
    const [embeddings] = full.featureShape.length === 1 ? [1] : full.featureShape;
    const classifier = await loadClassifier(graph, {
      name,
      createSession: createNodeSession(),
      labels: ["a", "b", "c"],
      embeddings: embeddings!,
    });
    expect(await classifier.score(features, 4)).toBeAllClose(trained, { atol: 1e-5, rtol: 0 });
    await classifier.dispose();
    expect(new Set(Array.from(trained, (value) => value.toFixed(3))).size).toBeGreaterThan(6);
    await session.dispose();
    learner.dispose();
  });

  it.skipIf(name === "mlp")(
    "reads [1, 16, 96] and gives [1, labels], as openWakeWord's heads do",
    async () => {
      const full = createArchitecture({ name, labels: 2 });
      const graph = encodeClassifier(full, randomWeights(full, 1), { version: "test" });
      const session = await createNodeSession()(graph, { name });
      const { score } = await session.run({
        embedding: { data: randomFeatures(16 * 96, 3), dims: [1, 16, 96] },
      });
      expect(score!.dims).toEqual([1, 2]);
      await session.dispose();
    },
  );

  // A leak shows at the second step; the thousand are for the network that trains longest.
  const steps = name === "mlp" ? 1000 : 100;
  it(`keeps the number of tensors over ${steps} steps`, () => {
    const tiny = createArchitecture({ name, embeddings: 2, inputs: 2, width: 4, blocks: 1 });
    const learner = new Learner(tf, { architecture: tiny, weights: randomWeights(tiny, 1) });
    const features = tf.ones([2, ...tiny.featureShape]);
    const targets = tf.tensor2d([[1], [0]]);
    const step = () => learner.step({ features, targets }, { learningRate: 1e-3 }).dispose();
    const before = tf.memory().numTensors;
    for (let i = 0; i < steps; i++) step();
    expect(tf.memory().numTensors).toBe(before);
    learner.logits(features).dispose();
    expect(tf.memory().numTensors).toBe(before);
    learner.dispose();
    tf.dispose([features, targets]);
    expect(tf.memory().numTensors).toBe(before - 6);
  });
});

describe("createArchitecture", () => {
  it.each([
    // 96*128+3*128 + 32*(128*128+3*128) + 129
    ["mlp", 549_377],
    // conv 96*64*3+64+128, 64*64*3+64+128; attention 4*64*64+4*64; norm 128; output 65
    ["conv-attention", 47_937],
    // conv 18,624; gru 2*192*64 + 2*192; norm 128; output 65
    ["crnn", 43_777],
    // 1536*128+3*128, 128*128+3*128, 129
    ["dnn", 213_889],
  ] as const)("%s has %i parameters by default", (name, count) => {
    expect(parameterCount(createArchitecture({ name }))).toBe(count);
  });
});
