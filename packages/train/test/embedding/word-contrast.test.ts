import { createRandom } from "@callsign/data/internal";
import { beforeAll, describe, expect, it } from "vitest";
import type { TensorFlow } from "../../src/backends/import-tensorflow.ts";
import { loadBackend } from "../../src/backends/load-backend.ts";
import { wordBatch, wordContrast } from "../../src/embedding/word-contrast.ts";

let tf: TensorFlow;
beforeAll(async () => {
  tf = (await loadBackend("wasm")).backend.tf;
});

/** Four words of two embeddings each: one said three times, one once. */
const WORDS = [1, 1, 2, 1].map((id, i) => ({ id, first: 2 * i, end: 2 * i + 2 }));

describe("wordContrast", () => {
  it("is the supervised contrastive loss of the paper, over the words that are said again", () => {
    const random = createRandom(1);
    const rows = Array.from({ length: 8 }, () => Array.from({ length: 3 }, () => random.normal()));
    const unit = WORDS.map(({ first }) => {
      const mean = rows[first]!.map((value, d) => (value + rows[first + 1]![d]!) / 2);
      return mean.map((value) => value / Math.hypot(...mean));
    });
    const likeness = (i: number, j: number): number =>
      unit[i]!.reduce((sum, value, d) => sum + value * unit[j]![d]!, 0) / 0.1;
    const anchors = [0, 1, 3];
    let expected = 0;
    for (const i of anchors) {
      const others = [0, 1, 2, 3].filter((j) => j !== i);
      const all = others.reduce((sum, j) => sum + Math.exp(likeness(i, j)), 0);
      for (const p of anchors.filter((j) => j !== i))
        expected -= Math.log(Math.exp(likeness(i, p)) / all) / 2 / anchors.length;
    }
    const loss = wordContrast(tf, tf.tensor2d(rows), wordBatch(tf, WORDS, { rows: 8 }));
    expect(loss.dataSync()).toBeAllClose([expected], { rtol: 1e-4 });
  });

  it("falls along its gradient, towards equal words that are alike and others that are not", () => {
    const words = wordBatch(tf, WORDS, { rows: 8 });
    const random = createRandom(2);
    let x = tf.tensor2d(
      Float32Array.from({ length: 24 }, () => random.normal()),
      [8, 3],
    );
    const loss = () => wordContrast(tf, x, words).dataSync()[0]!;
    const before = loss();
    for (let i = 0; i < 200; i++) {
      const gradient = tf.grad((x) => wordContrast(tf, x as never, words))(x);
      x = tf.sub(x, tf.mul(gradient, 0.3));
    }
    expect(loss()).toBeLessThan(before);
    // Each of three anchors has two positives, between which the softmax is divided.
    expect(loss()).toBeCloseTo(Math.log(2), 1);
  });

  it("is 0, with a gradient of 0, where no word is said again", () => {
    const words = wordBatch(tf, WORDS.slice(1, 3), { rows: 8 });
    const x = tf.ones([8, 3]);
    const { value, grad } = tf.valueAndGrad((x) => wordContrast(tf, x as never, words))(x);
    expect(value.dataSync()).toEqual(Float32Array.of(0));
    expect(grad.dataSync()).toEqual(new Float32Array(24));
  });
});
