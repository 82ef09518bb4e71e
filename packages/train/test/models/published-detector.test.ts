import { asPublishedPriming } from "@callsign/eval/internal";
import { readWav } from "@callsign/audio/internal";
import { loadDetector } from "@callsign/infer/node/internal";
import { exportCheckpoint } from "@callsign/train/internal";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";

const samplesOf = async (name: string): Promise<Float32Array> =>
  readWav(await readFile(sharedPath("challenge", name)), { name }).samples;

describe.skipIf(!hasSharedData)("the published checkpoint, exported and detecting", () => {
  let out: string;

  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), "callsign-published-"));
    const checkpoint = sharedPath("reference", "galactic-published.safetensors");
    await exportCheckpoint({ checkpoint, architecture: "mlp", label: "galactic", threshold: 0.73, out });
  });

  afterAll(() => rm(out, { recursive: true }));

  it("scores each frame of the challenge clip as PyTorch and Python's onnxruntime did", async () => {
    // reference/galactic-published-scores.json: the share of communication, 1 - sigmoid, of each of 1,883 frames.
    const reference = await readFile(sharedPath("reference", "galactic-published-scores.json"), "utf8");
    const { broadcastScore } = JSON.parse(reference) as { broadcastScore: number[] };
    const detector = await loadDetector(out, {
      embeddingPath: sharedPath("reference", "embedding_model.onnx"),
    });
    await detector.prime(asPublishedPriming(await samplesOf("priming.wav")));
    const steps = await detector.push(await samplesOf("challenge.wav"));
    await detector.dispose();
    expect(steps.length).toBe(1883);
    expect(steps.at(-1)!.timestampMs).toBe(60_256);
    expect(steps.map(({ scores }) => 1 - scores[0]!)).toBeAllClose(broadcastScore, { atol: 2e-5, rtol: 0 });
  });
});
