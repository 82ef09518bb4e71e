import { createNodeSession } from "@callsign/infer/node/internal";
import {
  type Backend,
  convAttention,
  type ConvAttentionConfig,
  encodeClassifier,
  Learner,
  loadBackend,
  parseDetectorConfig,
  splitWeights,
} from "@callsign/train/internal";
import { beforeAll, describe, expect, it } from "vitest";
import { randomFeatures, randomWeights } from "./random-weights.ts";

let backend: Backend;

beforeAll(async () => {
  ({ backend } = await loadBackend("onnxruntime"));
});

const variants: ConvAttentionConfig[] = [
  { positions: true },
  { pooling: "attention" },
  { pooling: "last" },
  { positions: true, pooling: "attention" },
];

describe.each(variants)("conv-attention with %o", (variant) => {
  it("scores alike in training and in ONNX", async () => {
    const { tf } = backend;
    const full = convAttention({ ...variant, labels: 3 });
    const weights = randomWeights(full, 1);
    const features = randomFeatures(4 * 16 * 96, 2);
    const learner = new Learner(tf, { architecture: full, weights });
    const trained = await tf.sigmoid(learner.logits(tf.tensor(features, [4, 16, 96]))).data();
    const session = await createNodeSession()(encodeClassifier(full, weights, { version: "test" }), {
      name: "x",
    });
    const { score } = await session.run({ embedding: { data: features, dims: [4, 16, 96] } });
    expect(score!.dims).toEqual([4, 3]);
    expect(score!.data as Float32Array).toBeAllClose(trained, { atol: 1e-5, rtol: 0 });
    await session.dispose();
    learner.dispose();
  });

  it("has the gradient of its loss", async () => {
    const { tf } = backend;
    const architecture = convAttention({ ...variant, embeddings: 4, inputs: 3, width: 4 });
    const weights = randomWeights(architecture, 3);
    const batch = {
      features: tf.tensor(randomFeatures(5 * 4 * 3, 4), [5, 4, 3]),
      targets: tf.tensor2d([[1], [0], [1], [0], [0]]),
    };
    const lossOf = async (name: string, change: number): Promise<number> => {
      const changed = new Map(weights).set(
        name,
        weights.get(name)!.map((value, i) => (i === 1 ? value + change : value)),
      );
      const learner = new Learner(tf, { architecture, weights: changed });
      const [value] = await learner.lossAndGradient(batch).value.data<"float32">();
      learner.dispose();
      return value!;
    };
    const learner = new Learner(tf, { architecture, weights });
    const gradient = splitWeights(
      architecture,
      Float32Array.from(await learner.lossAndGradient(batch).gradient.data()),
    );
    const names = ["positions", "pooling.query", "norm3.weight"].filter((name) => weights.has(name));
    for (const name of names) {
      const slope = ((await lossOf(name, 0.02)) - (await lossOf(name, -0.02))) / 0.04;
      expect(Math.abs(gradient.get(name)![1]! - slope), name).toBeLessThan(2e-3 + 0.05 * Math.abs(slope));
    }
    learner.dispose();
  });
});

describe("conv-attention", () => {
  /** Score of a sequence, and of the same steps in reverse blocks: the second half first. */
  const orders = async (variant: ConvAttentionConfig): Promise<[number, number]> => {
    const { tf } = backend;
    const architecture = convAttention({ ...variant, inputs: 8, width: 8 });
    const learner = new Learner(tf, { architecture, weights: randomWeights(architecture, 5) });
    // Two sounds with silence around each, further apart than the convolutions see.
    const first = new Float32Array(16 * 8).fill(1, 3 * 8, 3 * 8 + 4).fill(-1, 11 * 8 + 4, 12 * 8);
    const second = new Float32Array(16 * 8).fill(1, 11 * 8, 11 * 8 + 4).fill(-1, 3 * 8 + 4, 4 * 8);
    const scores: number[] = [];
    for (const features of [first, second])
      scores.push((await learner.logits(tf.tensor(features, [1, 16, 8])).data<"float32">())[0]!);
    learner.dispose();
    return [scores[0]!, scores[1]!];
  };

  it("cannot tell the order of two sounds that are far apart without positions, and can with them", async () => {
    const [one, other] = await orders({});
    expect(one).toBeCloseTo(other, 5);
    const [oneWith, otherWith] = await orders({ positions: true });
    expect(Math.abs(oneWith - otherWith)).toBeGreaterThan(0.01);
  });

  it("is the only network with positions and pooling", () => {
    const configOf = (name: string) =>
      parseDetectorConfig(
        {
          name: "x",
          labels: [{ label: "x", phrases: ["x"] }],
          train: { architecture: { name, pooling: "last" } },
        },
        { name: "x.yaml" },
      );
    expect(configOf("auto").train.architecture.pooling).toBe("last");
    expect(() => configOf("crnn")).toThrow(
      "train.architecture.pooling: expected only with conv-attention, got crnn",
    );
  });
});
