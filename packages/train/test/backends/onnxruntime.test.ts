import { loadBackend, type TensorFlow } from "@callsign/train";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { randomFeatures } from "../random-weights.ts";

/** What a training may ask for, each on small tensors whose values are the same on every backend. */
const OPERATIONS: Record<string, (tf: TensorFlow, x: Tensor2D, y: Tensor2D) => Tensor | Tensor[]> = {
  "add, broadcast": (tf, x) => tf.add(x, [1, 2, 3, 4]),
  "sub, mul, div": (tf, x, y) => tf.div(tf.sub(x, y), tf.mul(tf.add(tf.abs(x), 1), 3)),
  pow: (tf, x) => tf.pow(x, 2),
  "abs, neg, exp, log": (tf, x) => tf.log(tf.add(tf.exp(tf.neg(tf.abs(x))), 1)),
  "relu, sigmoid, sign, tanh": (tf, x) => [tf.relu(x), tf.sigmoid(x), tf.sign(x), tf.tanh(x)],
  "sqrt, rsqrt, square": (tf, x) => tf.add(tf.sqrt(tf.square(x)), tf.rsqrt(tf.add(tf.square(x), 1))),
  "softmax, mean, sum": (tf, x) => [tf.softmax(x), tf.mean(x, 0), tf.sum(x, -1, true), tf.mean(x)],
  "matMul, transposed": (tf, x, y) => [tf.matMul(x, y, true), tf.matMul(x, y, false, true)],
  "matMul of batches, transposed": (tf, x, y) =>
    tf.matMul(tf.reshape(x, [2, 3, 2]), tf.reshape(y, [2, 3, 2]), false, true),
  "fused matMul": (tf, x, y) =>
    tf.fused.matMul({ a: x, b: y, transposeB: true, bias: tf.tensor1d([1, 2, 3]) }),
  "transpose, reshape, expandDims": (tf, x) => tf.expandDims(tf.reshape(tf.transpose(x), [2, -1]), -1),
  "slice, split, unstack, stack, concat": (tf, x, y) => [
    tf.slice(x, [1, 1], [2, -1]),
    ...tf.split(x, [1, 3], 1),
    tf.stack(tf.unstack(x, 1), 1),
    tf.concat([x, y], 1),
  ],
  "pad, zerosLike, onesLike": (tf, x) => [
    tf.pad(x, [
      [1, 0],
      [0, 2],
    ]),
    tf.sub(tf.zerosLike(x), tf.onesLike(x)),
  ],
};

async function calculate(backend: string, operation: string): Promise<number[][]> {
  const { tf } = (await loadBackend(backend)).backend;
  const [x, y] = [1, 2].map((seed) => tf.tensor2d(randomFeatures(12, seed), [3, 4]));
  const flat = (result: Tensor | Tensor[]): Tensor[] => [result].flat();
  const outputs = flat(tf.tidy(() => OPERATIONS[operation]!(tf, x!, y!)));
  const gradients = tf.grads((x, y) =>
    flat(OPERATIONS[operation]!(tf, x as Tensor2D, y as Tensor2D)).reduce(
      (total: Tensor, one) => tf.add(total, tf.sum(tf.square(one))),
      tf.sum(tf.mul(x, y)),
    ),
  )([x!, y!]);
  const all = [...outputs, ...gradients];
  const values = await Promise.all(all.map(async (one) => [...one.shape, ...(await one.data())]));
  tf.dispose([x!, y!, ...all]);
  return values;
}

describe("onnxruntime as a TensorFlow.js backend", () => {
  it.each(Object.keys(OPERATIONS))(
    "calculates %s and its gradient as plain JavaScript does",
    async (name) => {
      const expected = await calculate("cpu", name);
      const got = await calculate("onnxruntime", name);
      expect(got.length).toBe(expected.length);
      for (const [i, values] of got.entries()) expect(values).toBeAllClose(expected[i]!, { atol: 1e-5 });
    },
  );

  it("calculates minimum, maximum and max, which no training differentiates", async () => {
    const { tf } = (await loadBackend("onnxruntime")).backend;
    const [x, y] = [tf.tensor1d([1, -2, 3]), tf.tensor1d([0, 5, 4])];
    expect(await tf.minimum(x, y).data()).toEqual(Float32Array.of(0, -2, 3));
    expect(await tf.maximum(x, y).data()).toEqual(Float32Array.of(1, 5, 4));
    expect(await tf.max(x).data()).toEqual(Float32Array.of(3));
  });

  it("calculates what several readers ask for at once, and goes on from it", async () => {
    const { tf } = (await loadBackend("onnxruntime")).backend;
    const x = tf.tensor1d([1, 2]);
    const [double, square] = [tf.mul(x, 2), tf.square(x)];
    expect(await Promise.all([double.data(), square.data()])).toEqual([
      Float32Array.of(2, 4),
      Float32Array.of(1, 4),
    ]);
    expect(await tf.add(double, square).data()).toEqual(Float32Array.of(3, 8));
  });

  it("keeps apart graphs that differ in a constant or a shape alone", async () => {
    const { tf } = (await loadBackend("onnxruntime")).backend;
    const [two, three] = [tf.zeros([2]), tf.zeros([3])];
    expect(await tf.onesLike(two).data()).toEqual(Float32Array.of(1, 1));
    expect(await tf.zerosLike(two).data()).toEqual(Float32Array.of(0, 0));
    expect(await tf.onesLike(three).data()).toEqual(Float32Array.of(1, 1, 1));
  });

  it("says that reading takes await", async () => {
    const { tf } = (await loadBackend("onnxruntime")).backend;
    expect(() => tf.square(tf.scalar(2)).dataSync()).toThrow(/use data\(\), not dataSync\(\)/);
  });

  it("lets go of tensors that are disposed of", async () => {
    const { tf } = (await loadBackend("onnxruntime")).backend;
    const before = tf.memory();
    for (let i = 0; i < 10; i++) {
      const value = tf.tidy(() => tf.add(tf.square(tf.scalar(i)), tf.clone(tf.scalar(1))));
      expect((await value.data())[0]).toBe(i * i + 1);
      value.dispose();
    }
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  });
});
