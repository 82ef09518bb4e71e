import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { createRandom } from "@callsign/data/internal";
import { createFrontend, EMBEDDING, LOG_MEL } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../src/backends/load-backend.ts";
import { batchNorm } from "../../src/embedding/batch-norm.ts";
import { EmbeddingLearner } from "../../src/embedding/embedding-learner.ts";
import {
  type EmbeddingLayer,
  embeddingNetwork,
  type LayerPlan,
} from "../../src/embedding/embedding-network.ts";
import { encodeEmbedding } from "../../src/embedding/encode-embedding.ts";
import { convolve } from "../../src/embedding/time-convolution.ts";
import { initialWeights } from "../../src/weights/initial-weights.ts";
import type { TensorFlow } from "../../src/backends/import-tensorflow.ts";

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

describe("convolve", () => {
  it.each(embeddingNetwork(PLAN).layers)("is TensorFlow's own convolution ($name)", (layer) => {
    const { x, kernel, padding } = convolution(layer);
    const weight = tf.transpose(kernel, [3, 2, 0, 1]);
    const { rows, frames, bins } = convolve(tf, x, { weight, layer });
    const theirs = tf.conv2d(tf.pad(x, padding), kernel, [...layer.stride], "valid");
    expect([2, frames, bins, layer.outputs]).toEqual(theirs.shape);
    expect(rows.dataSync()).toBeAllClose(theirs.dataSync(), { atol: 1e-5 });
  });

  it.each(embeddingNetwork(PLAN).layers)("has the gradients of a bilinear product ($name)", (layer) => {
    const { x, kernel } = convolution(layer);
    const weight = tf.transpose(kernel, [3, 2, 0, 1]);
    const { size } = convolve(tf, x, { weight, layer }).rows;
    const upstream = tf.tensor1d(normals("upstream", size));
    const loss = (x: Tensor, weight: Tensor) =>
      tf.sum(tf.mul(tf.reshape(convolve(tf, x as Tensor4D, { weight, layer }).rows, [-1]), upstream));
    const [gradientX, gradientW] = tf.grads(loss)([x, weight]) as [Tensor, Tensor];
    // The product is linear in either, so along any direction d it changes by <gradient, d>.
    const alongX = tf.tensor4d(normals("direction", x.size), x.shape);
    const alongW = tf.reshape(tf.tensor1d(normals("direction", weight.size)), weight.shape);
    const close = { rtol: 1e-4, atol: 2e-3 };
    expect(tf.sum(tf.mul(gradientX, alongX)).dataSync()).toBeAllClose(loss(alongX, weight).dataSync(), close);
    expect(tf.sum(tf.mul(gradientW, alongW)).dataSync()).toBeAllClose(loss(x, alongW).dataSync(), close);
  });
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

describe("batchNorm", () => {
  it("has the gradients of the plain operations", () => {
    const [rows, outputs] = [40, 7];
    const parameters = [
      tf.tensor2d(normals("x", rows * outputs), [rows, outputs]),
      tf.tensor1d(normals("g", outputs)),
      tf.tensor1d(normals("o", outputs)),
    ];
    const upstream = tf.tensor2d(normals("up", rows * outputs), [rows, outputs]);
    const fused = tf.grads((x, gain, offset) =>
      tf.sum(tf.mul(batchNorm(tf, tf.reshape(x, [rows, outputs]), { gain, offset }), upstream)),
    )(parameters);
    const plain = tf.grads((x, gain, offset) => {
      const centred = tf.sub(x, tf.mean(x, 0, true));
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
