import { type DenseBlock, fusedBlock, loadBackend } from "@callsign/train";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { plainBlock } from "./plain-block.ts";
import { randomFeatures } from "./random-weights.ts";

const ROWS = 7;
const INPUTS = 5;
const OUTPUTS = 6;

describe.each(["wasm", "cpu"])("fusedBlock on %s", (name) => {
  async function outputAndGradients(block: DenseBlock, tf: Awaited<ReturnType<typeof loadTf>>) {
    const inputs = [[ROWS, INPUTS], [OUTPUTS, INPUTS], [OUTPUTS], [OUTPUTS], [OUTPUTS]].map((shape, seed) =>
      tf.tensor(
        randomFeatures(
          shape.reduce((a, b) => a * b),
          seed,
        ),
        shape,
      ),
    );
    const run = (...tensors: Tensor[]): Tensor2D => {
      const [x, weight, bias, gamma, beta] = tensors as [Tensor2D, Tensor2D, Tensor1D, Tensor1D, Tensor1D];
      return block(x, { weight, bias, gamma, beta });
    };
    const upstream = tf.tensor2d(randomFeatures(ROWS * OUTPUTS, 9), [ROWS, OUTPUTS]);
    const { value, grads } = tf.valueAndGrads((...tensors) => tf.sum(tf.mul(run(...tensors), upstream)))(
      inputs,
    );
    return {
      output: await run(...inputs).data(),
      value: await value.data(),
      gradients: await Promise.all(grads.map((gradient) => gradient.data())),
    };
  }
  const loadTf = async () => (await loadBackend(name)).backend.tf;

  it("is the plain operations, in value and all five gradients", async () => {
    const tf = await loadTf();
    const fused = await outputAndGradients(fusedBlock(tf), tf);
    const plain = await outputAndGradients(plainBlock(tf), tf);
    expect(fused.output).toBeAllClose(plain.output, { atol: 1e-5 });
    expect([...plain.output].filter((value) => value > 0).length).toBeGreaterThan(10);
    expect([...plain.output].filter((value) => value === 0).length).toBeGreaterThan(5);
    for (const [i, gradient] of fused.gradients.entries())
      expect(gradient, `gradient ${i}`).toBeAllClose(plain.gradients[i]!, { rtol: 1e-4, atol: 2e-5 });
  });

  it("leaves out the gradient of features, and only that, where it comes first", async () => {
    const tf = await loadTf();
    const fused = fusedBlock(tf);
    const first = await outputAndGradients((x, parameters) => fused(x, parameters, { first: true }), tf);
    const inner = await outputAndGradients(fused, tf);
    expect(first.gradients.slice(1)).toEqual(inner.gradients.slice(1));
    expect(first.gradients[0]!.every((value) => value === 0)).toBe(true);
    expect(inner.gradients[0]!.some((value) => value !== 0)).toBe(true);
  });
});
