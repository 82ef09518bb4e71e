import { createRandom } from "@callsign/data";
import { createFrontend, EMBEDDING, LOG_MEL } from "@callsign/infer";
import { createNodeSession } from "@callsign/infer/node";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../src/backends/load-backend.ts";
import { batchNormBlock } from "../../src/embedding/batch-norm-block.ts";
import { EmbeddingLearner } from "../../src/embedding/embedding-learner.ts";
import {
  type EmbeddingLayer,
  embeddingNetwork,
  type LayerPlan,
} from "../../src/embedding/embedding-network.ts";
import { encodeEmbedding } from "../../src/embedding/encode-embedding.ts";
import { unfoldByGather } from "../../src/embedding/unfold-by-gather.ts";
import { unfoldBySlices } from "../../src/embedding/unfold-by-slices.ts";
import { initialWeights } from "../../src/initial-weights.ts";
import type { TensorFlow } from "../../src/tensorflow.ts";

/** Every kind of layer the real one has, narrow. */
const PLAN: readonly LayerPlan[] = [
  { outputs: 3, kernel: [6, 5], stride: [2, 2], padding: 2 },
  { outputs: 4, kernel: [3, 3], stride: [1, 2], padding: 1 },
  { outputs: 4, kernel: [4, 3], stride: [2, 1], padding: 1 },
  { outputs: 5, kernel: [3, 3], stride: [1, 2], padding: 1 },
  { outputs: 5, kernel: [4, 3], stride: [2, 2], padding: 1 },
  { outputs: 6, kernel: [3, 2] },
  { outputs: 6, kernel: [3, 1] },
  { outputs: EMBEDDING.dimension, kernel: [2, 1] },
];

let tf: TensorFlow;
beforeAll(async () => {
  tf = (await loadBackend("wasm")).backend.tf;
});

const normals = (seed: string, length: number): Float32Array => {
  const random = createRandom(seed);
  return Float32Array.from({ length }, () => random.normal());
};

describe("embeddingNetwork", () => {
  it("refuses a plan that cannot stand in the reference's place, with what it came to", () => {
    expect(() => embeddingNetwork(PLAN.slice(0, -1))).toThrow(
      "expected a network that reads 76 frames with stride 8 and ends in 1 bin of 96 outputs, got 68 frames, stride 8, 1 bins, 6 outputs",
    );
  });
});

describe.each([
  ["slices", unfoldBySlices],
  ["gather", unfoldByGather],
])("unfold by %s", (_name, unfold) => {
  it.each(embeddingNetwork(PLAN).layers)(
    "lays out what TensorFlow's own convolution reads ($name)",
    (layer) => {
      const { x, kernel, padding } = convolution(layer);
      const { rows, frames, bins } = unfold(tf, x, layer);
      const ours = tf.matMul(rows, tf.reshape(kernel, [-1, layer.outputs]));
      const theirs = tf.conv2d(tf.pad(x, padding), kernel, [...layer.stride], "valid");
      expect([2, frames, bins, layer.outputs]).toEqual(theirs.shape);
      expect(ours.dataSync()).toBeAllClose(theirs.dataSync(), { atol: 1e-5 });
    },
  );

  it.each(embeddingNetwork(PLAN).layers)(
    "gives back to each place the sum of its readers ($name)",
    (layer) => {
      const { x } = convolution(layer);
      const { rows } = unfold(tf, x, layer);
      const upstream = tf.tensor2d(normals("upstream", rows.size), rows.shape);
      const gradient = tf.grad((x) => tf.sum(tf.mul(unfold(tf, x as never, layer).rows, upstream)))(x);
      // The layout is linear in x, so along any direction d it changes by <gradient, d>.
      const direction = tf.tensor4d(normals("direction", x.size), x.shape);
      const along = tf.sum(tf.mul(unfold(tf, direction, layer).rows, upstream)).dataSync();
      expect(tf.sum(tf.mul(gradient, direction)).dataSync()).toBeAllClose(along, { rtol: 1e-4, atol: 1e-3 });
    },
  );
});

function convolution(layer: EmbeddingLayer) {
  const { inputs, outputs, kernel, bins, padding } = layer;
  const x = tf.tensor4d(normals(layer.name, 2 * 15 * bins[0] * inputs), [2, 15, bins[0], inputs]);
  const length = kernel[0] * kernel[1] * inputs * outputs;
  const pads: [number, number][] = [
    [0, 0],
    [0, 0],
    [padding, padding],
    [0, 0],
  ];
  return { x, kernel: tf.tensor4d(normals("kernel", length), [...kernel, inputs, outputs]), padding: pads };
}

describe("batchNormBlock", () => {
  it("has the gradients of the plain operations", () => {
    const [rows, inputs, outputs] = [40, 5, 7];
    const parameters = [
      tf.tensor2d(normals("x", rows * inputs), [rows, inputs]),
      tf.tensor2d(normals("w", outputs * inputs), [outputs, inputs]),
      tf.tensor1d(normals("g", outputs)),
      tf.tensor1d(normals("o", outputs)),
    ];
    const upstream = tf.tensor2d(normals("up", rows * outputs), [rows, outputs]);
    const fused = tf.grads((x, weight, gain, offset) =>
      tf.sum(
        tf.mul(
          batchNormBlock(tf, tf.reshape(x, [rows, inputs]), {
            weight: tf.reshape(weight, [outputs, inputs]),
            gain: gain,
            offset: offset,
          }),
          upstream,
        ),
      ),
    )(parameters);
    const plain = tf.grads((x, weight, gain, offset) => {
      const product = tf.matMul(x, tf.transpose(weight));
      const centred = tf.sub(product, tf.mean(product, 0, true));
      const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 0, true), 1e-5));
      const value = tf.relu(tf.add(tf.mul(tf.mul(centred, scale), gain), offset));
      return tf.sum(tf.mul(value, upstream));
    })(parameters);
    for (const [i, gradient] of fused.entries())
      expect(gradient.dataSync()).toBeAllClose(plain[i]!.dataSync(), { atol: 2e-4 });
  });
});

describe("a trained embedding", () => {
  it("is in ONNX what it was in training, whole clip and window by window", async () => {
    const network = embeddingNetwork(PLAN);
    const weights = initialWeights(network, createRandom(1));
    const learner = new EmbeddingLearner(tf, {
      network,
      weights,
      weightDecay: 0,
      clipNorm: 1,
      cosineWeight: 1,
    });
    const steps = 20;
    const frames = EMBEDDING.windowFrames + (steps - 1) * EMBEDDING.strideFrames;
    const data = normals("audio", frames * LOG_MEL.melBins).map((value) => 6 + 2 * value);
    const logMels = tf.tensor3d(data, [1, frames, LOG_MEL.melBins]);
    const targets = tf.tensor2d(normals("teacher", steps * EMBEDDING.dimension), [
      steps,
      EMBEDDING.dimension,
    ]);
    const before = await learner.agreement({ logMels, targets });
    const losses: number[] = [];
    for (let i = 0; i < 25; i++) losses.push(learner.step({ logMels, targets }, 0.01).dataSync()[0]!);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const after = await learner.agreement({ logMels, targets });
    expect(after.cosine).toBeGreaterThan(before.cosine);

    const trained = {
      weights: await learner.weights(),
      moments: await learner.moments({ logMels, targets }),
      scale: { mean: normals("mean", 96), deviation: normals("deviation", 96).map(Math.abs) },
    };
    const bytes = encodeEmbedding(network, trained, { version: "0" });
    expect(encodeEmbedding(network, trained, { version: "0" })).toEqual(bytes);
    const frontend = await createFrontend({
      createSession: createNodeSession(),
      embedding: bytes,
      floor: "window",
    });
    const logMel = { data, rows: frames, columns: LOG_MEL.melBins };
    const whole = await frontend.embed(logMel);
    expect(await frontend.embedWindows(logMel)).toEqual(whole);
    const student = learner.embed({ logMels });
    const expected = student
      .dataSync()
      .map((value, i) => value * trained.scale.deviation[i % 96]! + trained.scale.mean[i % 96]!);
    expect(whole.data).toBeAllClose(expected, { atol: 1e-4 });
    await frontend.dispose();
    learner.dispose();
  });
});
