import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sha256Hex } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { spawnTraining } from "../support/spawn-training.ts";
import { makeSyntheticBuild } from "../support/synthetic-build.ts";
import { smallConfig, trainAll } from "../support/train-synthetic.ts";

let dataDir: string;
let outDir: string;

beforeAll(async () => {
  dataDir = await makeSyntheticBuild({ labels: ["galactic"], embeddings: 1, clips: 30, shards: 2 });
  outDir = await mkdtemp(join(tmpdir(), "callsign-kill-training-"));
});

afterAll(async () => {
  for (const folder of [dataDir, outDir]) await rm(folder, { recursive: true });
});

describe("a training ended by kill -9", () => {
  it("goes on to the model of an undisturbed one", async () => {
    const config = smallConfig({ epochs: 4, stepsPerEpoch: 40, mining: { everyEpochs: 2, keep: 30 } });
    const killed = join(outDir, "killed");
    // In the third epoch, after a search for hard negatives.
    const ended = await spawnTraining(config, { dataDir, outDir: killed, killAtStep: 96 });
    expect(ended).toEqual({ killed: true, stderr: "" });
    const { events } = await trainAll({ config, dataDir, outDir: killed, resume: true });
    expect(events).toContainEqual({ kind: "note", note: "resumes after step 80 (epoch 2)" });
    const undisturbed = join(outDir, "undisturbed");
    await trainAll({ config, dataDir, outDir: undisturbed });
    const hashOf = async (folder: string): Promise<string> =>
      sha256Hex(await readFile(join(folder, "model.onnx")));
    expect(await hashOf(killed)).toBe(await hashOf(undisturbed));
  });
});
