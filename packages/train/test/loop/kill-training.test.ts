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
  it("goes on to the model of an undisturbed one", { timeout: 60_000 }, async () => {
    // Epochs long enough that the second kill falls into one.
    const config = smallConfig({ epochs: 6, stepsPerEpoch: 150, mining: { everyEpochs: 2, keep: 30 } });
    const killed = join(outDir, "killed");
    let ended = 0;
    for (;;) {
      const run = await spawnTraining(config, { dataDir, outDir: killed, killAfterEpoch: 2 });
      if (!run.killed) {
        expect(run, run.stderr).toMatchObject({ code: 0 });
        break;
      }
      ended++;
    }
    expect(ended).toBeGreaterThanOrEqual(2);
    const undisturbed = join(outDir, "undisturbed");
    await trainAll({ config, dataDir, outDir: undisturbed });
    const hashOf = async (folder: string): Promise<string> =>
      sha256Hex(await readFile(join(folder, "model.onnx")));
    expect(await hashOf(killed)).toBe(await hashOf(undisturbed));
  });
});
