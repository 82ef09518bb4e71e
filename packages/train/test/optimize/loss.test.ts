import {
  binaryLoss,
  type LossInput,
  type LossOptions,
  loadBackend,
  type TensorFlow,
} from "@callsign/train/internal";
import { beforeAll, describe, expect, it } from "vitest";
import { golden } from "../models/golden.ts";

let tf: TensorFlow;

beforeAll(async () => {
  ({ tf } = (await loadBackend("cpu")).backend);
});

const logits = [
  [-3, 0.5],
  [40, -40],
  [0, 2],
];
const targets = [
  [0, 1],
  [1, 1],
  [0, 0.3],
];

async function lossOf(
  options?: LossOptions,
  more: { weights?: number[][]; targets?: number[][] } = {},
): Promise<number> {
  const input: LossInput = {
    logits: tf.tensor2d(logits),
    targets: tf.tensor2d(more.targets ?? targets),
    ...(more.weights && { weights: tf.tensor2d(more.weights) }),
  };
  return (await binaryLoss(tf, input, options).data())[0]!;
}

describe("binaryLoss", () => {
  it("is PyTorch's binary cross-entropy, also for logits of 40", async () => {
    expect(await lossOf()).toBeCloseTo(golden.loss.bce, 5);
  });

  it("is the focal loss for a gamma of 2", async () => {
    expect(await lossOf({ focalGamma: 2 })).toBeCloseTo(golden.loss.focal, 5);
  });

  it("smooths targets towards one half", async () => {
    const smoothed = targets.map((row) => row.map((target) => 0.8 * target + 0.1));
    expect(await lossOf({ labelSmoothing: 0.2 })).toBeCloseTo(await lossOf({}, { targets: smoothed }), 5);
  });

  it("weighs a mixed target in its proportion", async () => {
    // Weight of target y is y positive + (1 - y) negative, per element.
    const weights = targets.map((row) => row.map((target) => target * 5 + (1 - target) * 2));
    expect(await lossOf({ positiveWeight: 5, negativeWeight: 2 })).toBeCloseTo(
      await lossOf({}, { weights }),
      4,
    );
    expect(await lossOf({ positiveWeight: 3, negativeWeight: 3 })).toBeCloseTo(3 * (await lossOf()), 4);
  });

  it("weighs whole examples", async () => {
    const only = await lossOf({}, { weights: [[0], [0], [6]] });
    // softplus(0) = ln 2 and softplus(2) - 0.3 * 2, each a sixth of the mean, times 6.
    expect(only).toBeCloseTo(Math.LN2 + Math.log1p(Math.exp(2)) - 0.6, 5);
  });
});
