import { readSafetensors } from "@callsign/data/internal";
import { type Session } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { decodeOnnx } from "@callsign/onnx/internal";
import {
  type Architecture,
  checkpointWeights,
  encodeClassifier,
  mlp,
  type Weights,
} from "@callsign/train/internal";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";
import { float64Mlp } from "../../models/float64-mlp.ts";
import { randomFeatures, randomWeights } from "../../models/random-weights.ts";

async function scores(
  session: Session,
  features: Float32Array,
  dims: readonly number[],
): Promise<Float32Array> {
  const { score } = await session.run({ embedding: { data: features, dims } });
  return score!.data as Float32Array;
}

const sessionOf = (architecture: Architecture, weights: Weights): Promise<Session> =>
  createNodeSession()(encodeClassifier(architecture, weights, { version: "test" }), { name: "test" });

describe("encodeClassifier of mlp", () => {
  it.each([
    { blocks: 0, labels: 1, width: 8 },
    { blocks: 3, labels: 4, width: 16 },
  ])(
    "gives in onnxruntime what float64 arithmetic gives, $blocks blocks and $labels labels",
    async (config) => {
      const architecture = mlp(config);
      const weights = randomWeights(architecture, 1);
      const session = await sessionOf(architecture, weights);
      const features = randomFeatures(5 * 96, 2);
      const expected = [0, 1, 2, 3, 4].flatMap((i) =>
        float64Mlp(weights, features.subarray(i * 96, (i + 1) * 96), config.blocks),
      );
      expect(await scores(session, features, [5, 96])).toBeAllClose(expected, { atol: 2e-6, rtol: 0 });
      await session.dispose();
    },
  );

  it("declares opset 17, one input [batch, 96] and one output [batch, labels]", async () => {
    const architecture = mlp({ blocks: 1, labels: 2 });
    const bytes = encodeClassifier(architecture, randomWeights(architecture, 1), { version: "1.2.3" });
    const model = decodeOnnx(bytes, { name: "test" });
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([["", 17n]]);
    expect(model.producerVersion).toBe("1.2.3");
    const session = await createNodeSession()(bytes, { name: "test" });
    expect(session.inputs).toEqual([{ name: "embedding", type: "float32", dims: ["batch", 96] }]);
    expect(session.outputs).toEqual([{ name: "score", type: "float32", dims: ["batch", 2] }]);
    await session.dispose();
  });

  it.skipIf(!hasSharedData)("runs the published checkpoint as float64 arithmetic does", async () => {
    const path = sharedPath("reference", "galactic-published.safetensors");
    const weights = checkpointWeights(mlp(), readSafetensors(readFileSync(path), { name: path }), {
      name: path,
    });
    const session = await sessionOf(mlp(), weights);
    // Embeddings of speech lie within about -50 to 50.
    const features = randomFeatures(20 * 96, 3).map((value) => 15 * value);
    const expected = Array.from(
      { length: 20 },
      (_, i) => float64Mlp(weights, features.subarray(i * 96, (i + 1) * 96), 32)[0]!,
    );
    expect(new Set(expected.map((score) => score.toFixed(3))).size).toBeGreaterThan(3);
    expect(await scores(session, features, [20, 96])).toBeAllClose(expected, { atol: 2e-5, rtol: 0 });
    await session.dispose();
  });
});
