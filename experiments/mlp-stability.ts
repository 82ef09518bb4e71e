/**
 * `npx tsx --conditions=@callsign/source experiments/mlp-stability.ts CONFIG DATA [EPOCHS STEPS [SEEDS]]`: trains the config's network on a finished data build from
 * one seed after the other and prints a row each: losses, the gate's cost on the validation split, and whether it
 * trained at all. A network that learned nothing costs what always muting or never muting costs.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  resolveTraining,
  type DetectorConfig,
  loadBackend,
  parseDetectorConfig,
  trainDetector,
} from "@callsign/train/internal";

import { readConfig } from "../packages/cli/src/config/read-config.ts";

const [file, dataDir, epochs, stepsPerEpoch, seeds] = process.argv.slice(2);
if (file === undefined || dataDir === undefined)
  throw new Error("usage: mlp-stability CONFIG DATA [EPOCHS STEPS [SEEDS]]");
const base = parseDetectorConfig(await readConfig(file, { env: process.env }), { name: file });
const { backend } = await loadBackend("auto");
const { missedCost, phraseShare } = resolveTraining(base).costs;
const untrained = Math.min(missedCost * phraseShare, 1 - phraseShare);
const short: DetectorConfig["train"] = {
  ...base.train,
  epochs: Number(epochs ?? 4),
  stepsPerEpoch: Number(stepsPerEpoch ?? 100),
};
console.log(
  `${file}, ${short.epochs} epochs of ${short.stepsPerEpoch} steps on ${backend.name}; learned nothing: cost ${untrained.toFixed(3)}`,
);
console.log("seed  first loss  last loss  validation loss  cost   missed  needless  trained");

let failures = 0;
for (let seed = 1; seed <= Number(seeds ?? 10); seed++) {
  const row = await trainOnce({ ...base, train: { ...short, seed } });
  if (!row.trained) failures++;
  console.log(`${String(seed).padStart(4)}  ${row.text}`);
}
console.log(failures === 0 ? "all trained" : `${failures} did not train`);
process.exitCode = failures === 0 ? 0 : 1;
backend.release();

async function trainOnce(config: DetectorConfig): Promise<{ trained: boolean; text: string }> {
  const outDir = await mkdtemp(join(tmpdir(), "callsign-stability-"));
  try {
    const events = trainDetector({ config, dataDir: dataDir!, outDir, backend });
    let step = await events.next();
    while (step.done !== true) step = await events.next();
    const { history, finished } = step.value;
    const [first, last] = [history[0]!, history.at(-1)!];
    const [label] = finished.labels;
    // Half the cost of knowing nothing is well clear of a collapsed network, which costs all of it.
    const trained = Number.isFinite(last.trainLoss) && label!.cost < untrained / 2;
    const numbers = [
      first.trainLoss.toFixed(4).padStart(10),
      last.trainLoss.toFixed(4).padStart(9),
      last.validation.loss.toFixed(4).padStart(15),
      label!.cost.toFixed(3),
      `${(100 * label!.missedShare).toFixed(1)} %`.padStart(6),
      `${(100 * label!.needlessShare).toFixed(1)} %`.padStart(8),
    ];
    return { trained, text: [...numbers, trained ? "yes" : "NO"].join("  ") };
  } catch (error) {
    return { trained: false, text: `NO: ${(error as Error).message}` };
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}
