import { createNodeSession } from "@callsign/infer/node/internal";
import {
  createArchitecture,
  encodeClassifier,
  foldCalibration,
  Learner,
  loadBackend,
  splitWeights,
  type Weights,
} from "@callsign/train/internal";
import { expect, it } from "vitest";
import { randomFeatures, randomWeights } from "./random-weights.ts";

const shape = { name: "conv-attention", embeddings: 5, inputs: 6, width: 8, labels: 2 } as const;
const single = createArchitecture(shape);
const pair = createArchitecture({ ...shape, members: 2 });

const memberOf = (weights: Weights, member: number): Weights =>
  new Map(
    [...weights].flatMap(([name, values]) =>
      name.startsWith(`${member}.`) ? [[name.slice(2), values] as const] : [],
    ),
  );

it.each(["wasm", "onnxruntime"] as const)(
  "averages the logits of its members, which learn as they would alone, and exports what it computes (%s)",
  async (name) => {
    const { tf } = (await loadBackend(name)).backend;
    const weights = randomWeights(pair, 1);
    const features = randomFeatures(3 * 5 * 6, 2);
    const x = tf.tensor(features, [3, ...single.featureShape]);
    const targets = tf.tensor2d([
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
    const both = new Learner(tf, { architecture: pair, weights });
    const alone = [0, 1].map(
      (member) => new Learner(tf, { architecture: single, weights: memberOf(weights, member) }),
    );
    const [first, second] = (await Promise.all(alone.map((learner) => learner.logits(x).data()))) as [
      Float32Array,
      Float32Array,
    ];
    const mean = Array.from(first, (logit, i) => (logit + second[i]!) / 2);
    expect(await both.logits(x).data()).toBeAllClose(mean, { atol: 1e-6 });
    expect(Math.max(...mean.map((logit, i) => Math.abs(logit - first[i]!)))).toBeGreaterThan(0.01);

    // The mean of the losses: each member has half of the gradient it would have alone, which Adam scales away.
    const { gradient } = both.lossAndGradient({ features: x, targets });
    const gradients = splitWeights(pair, Float32Array.from(await gradient.data()));
    for (const [member, learner] of alone.entries()) {
      const own = learner.lossAndGradient({ features: x, targets });
      for (const [name, values] of splitWeights(single, Float32Array.from(await own.gradient.data())))
        expect(gradients.get(`${member}.${name}`)!, name).toBeAllClose(
          values.map((value) => value / 2),
          { atol: 1e-7 },
        );
    }

    const scales = [
      { scale: 2, shift: 1 },
      { scale: 0.5, shift: -1 },
    ];
    const folded = foldCalibration(pair, weights, { scales });
    const graph = encodeClassifier(pair, folded, { version: "test" });
    const session = await createNodeSession()(graph, { name: "pair" });
    const { score } = await session.run({ embedding: { data: features, dims: x.shape } });
    const expected = mean.map(
      (logit, i) => 1 / (1 + Math.exp(-(scales[i % 2]!.scale * logit + scales[i % 2]!.shift))),
    );
    expect(score!.data as Float32Array).toBeAllClose(expected, { atol: 1e-6 });
    await session.dispose();
    for (const learner of [both, ...alone]) learner.dispose();
  },
);
