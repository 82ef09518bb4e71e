import { AdamW, loadBackend, type TensorFlow } from "@callsign/train";
import { beforeAll, describe, expect, it } from "vitest";
import { randomFeatures } from "./random-weights.ts";

let tf: TensorFlow;

beforeAll(async () => {
  ({ tf } = (await loadBackend("cpu")).backend);
});

describe("AdamW", () => {
  it("moves by the learning rate against the gradient's sign at first, decaying only what the mask names", async () => {
    const optimizer = new AdamW(tf, { decayMask: Float32Array.of(1, 0, 1), weightDecay: 0.5 });
    const updated = optimizer.update(tf.tensor1d([2, 2, 2]), tf.tensor1d([0.3, -7, 0]), 0.1);
    // Step 1 of Adam: the gradient over its own size. Decay: 2 - 0.1 * 0.5 * 2.
    expect(await updated.data()).toBeAllClose([1.9 - 0.1, 2.1, 1.9], { rtol: 1e-6 });
  });

  it("goes on from a saved state as if it had not stopped", async () => {
    const gradients = [1, 2, 3, 4].map((seed) => tf.tensor1d(randomFeatures(6, seed)));
    const decayMask = new Float32Array(6).fill(1);
    const walk = async (stopAfter: number): Promise<Float32Array> => {
      let optimizer = new AdamW(tf, { decayMask });
      let parameters = tf.tensor1d([1, 1, 1, 1, 1, 1]);
      for (const [i, gradient] of gradients.entries()) {
        if (i === stopAfter) optimizer = new AdamW(tf, { decayMask, state: await optimizer.state() });
        parameters = optimizer.update(parameters, gradient, 0.01);
      }
      return Float32Array.from(await parameters.data());
    };
    expect(await walk(2)).toEqual(await walk(-1));
  });
});
