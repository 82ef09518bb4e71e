import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadClassifier } from "@callsign/infer/internal";
import { createNodeSession, readModelFolder } from "@callsign/infer/node/internal";
import { openShard } from "@callsign/data/internal";
import type { TrainEvent } from "@callsign/train/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { makeSyntheticBuild } from "../support/synthetic-build.ts";
import { smallConfig, trainAll } from "../support/train-synthetic.ts";

let dataDir: string;
let twoLabels: string;
const folders: string[] = [];
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "callsign-train-"));
  folders.push(folder);
  return folder;
};

beforeAll(async () => {
  dataDir = await makeSyntheticBuild({ labels: ["galactic"], embeddings: 1, clips: 30, shards: 3 });
  twoLabels = await makeSyntheticBuild({ labels: ["on", "off"], embeddings: 4, clips: 20, shards: 2 });
  folders.push(dataDir, twoLabels);
});

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

describe("trainDetector", () => {
  it("learns a gate and exports a calibrated model with its card, readme, metrics and report", async () => {
    const outDir = await newFolder();
    const config = smallConfig();
    const testTimeAugmentation = [
      { delay: 0, gainDb: 0 },
      { delay: 256, gainDb: -6 },
    ];
    const train = { ...config.train, testTimeAugmentation };
    const { trained, events } = await trainAll({ config: { ...config, train }, dataDir, outDir });
    const [label] = trained.finished.labels;
    expect(label!.missedShare).toBeLessThan(0.1);
    expect(label!.needlessShare).toBeLessThan(0.15);
    expect(events.filter(({ kind }) => kind === "epoch")).toHaveLength(4);
    const { card, classifier } = await readModelFolder(outDir);
    // The sensitivity curve: from high thresholds to low.
    expect(Object.keys(card.operatingPoints!)).toEqual(card.labels);
    for (const points of Object.values(card.operatingPoints!))
      expect(points.map((point) => point.threshold)).toEqual(
        points.map((point) => point.threshold).toSorted((a, b) => b - a),
      );
    expect(card).toMatchObject({
      labels: ["galactic"],
      windowing: { kind: "sliding-audio", windowLength: 13_000, hopLength: 512 },
      testTimeAugmentation,
      decision: { thresholds: { galactic: label!.threshold } },
      data: [{ licence: "CC0-1.0" }],
    });
    const model = await loadClassifier(classifier, {
      name: outDir,
      createSession: createNodeSession(),
      labels: card.labels,
      embeddings: 1,
    });
    const heard = new Float32Array(96);
    heard[0] = 4;
    const [yes, no] = [await model.score(heard, 1), await model.score(new Float32Array(96), 1)];
    expect(yes[0]).toBeGreaterThan(label!.threshold);
    expect(no[0]).toBeLessThan(label!.threshold);
    await model.dispose();
    const lines = (await readFile(join(outDir, "metrics.jsonl"), "utf8")).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { epoch: number }).epoch)).toEqual([1, 2, 3, 4]);
    expect(await readFile(join(outDir, "README.md"), "utf8")).toMatch(/^---\nlibrary_name: callsign\n/);
    expect(await readFile(join(outDir, "report.html"), "utf8")).toContain("loss-curve");
  });

  it("learns two commands from sequences, each with its own threshold, mining hard negatives and mixing", async () => {
    const config = smallConfig(
      {
        mining: { everyEpochs: 1, keep: 50 },
        mixup: { probability: 0.5 },
        loss: { kind: "focal", labelSmoothing: 0.05, raiseNegativeWeight: 1.5 },
        selection: { falseAcceptsPerHour: 200 },
      },
      { labels: ["on", "off"], embeddings: 4 },
    );
    const { trained, events } = await trainAll({ config, dataDir: twoLabels, outDir: await newFolder() });
    expect(trained.finished.labels.map(({ label }) => label)).toEqual(["on", "off"]);
    for (const { falseRejectRate } of trained.finished.labels) expect(falseRejectRate).toBeLessThan(0.3);
    const records = events.flatMap((event) => (event.kind === "epoch" ? [event.record] : []));
    expect(records.map(({ hardNegatives }) => hardNegatives)).toEqual([0, 50, 50, 50]);
    expect(records.at(-1)!.trainLoss).toBeLessThan(records[0]!.trainLoss);
  });

  it("gives the same model again, and another with another seed", async () => {
    const shaOf = async (train: object): Promise<string> => {
      const { trained } = await trainAll({ config: smallConfig(train), dataDir, outDir: await newFolder() });
      return trained.model.card.classifier.sha256;
    };
    const first = await shaOf({ epochs: 2 });
    expect(await shaOf({ epochs: 2 })).toBe(first);
    expect(await shaOf({ epochs: 2, seed: 7 })).not.toBe(first);
  });

  it("validates and exports the moving average of the weights, if asked for", async () => {
    const lossesOf = async (train: object): Promise<number[]> => {
      const config = smallConfig({ epochs: 2, ...train });
      const { trained } = await trainAll({ config, dataDir, outDir: await newFolder() });
      return trained.history.flatMap(({ trainLoss, validation }) => [trainLoss, validation.loss]);
    };
    const [plain, averaged] = [await lossesOf({}), await lossesOf({ averageDecay: 0.9 })];
    // The same steps, judged by other weights.
    expect([averaged[0], averaged[2]]).toEqual([plain[0], plain[2]]);
    expect(averaged[1]).not.toBe(plain[1]);
    expect(averaged[3]).toBeLessThan(2 * plain[3]!);
  });

  it("stopped in the middle of an epoch and resumed, gives the model of an undisturbed training", async () => {
    const mining = { everyEpochs: 1, keep: 30 };
    const config = smallConfig({ epochs: 3, stepsPerEpoch: 40, mining, averageDecay: 0.95 });
    const undisturbed = await trainAll({ config, dataDir, outDir: await newFolder() });
    const outDir = await newFolder();
    const controller = new AbortController();
    const stopped = trainAll({
      config,
      dataDir,
      outDir,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === "progress" && event.progress.stage === "train" && event.progress.done === 56)
          controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({
      code: "ABORTED",
      message: expect.stringContaining("step 56"),
    });
    const { trained, events } = await trainAll({ config, dataDir, outDir, resume: true });
    expect(events).toContainEqual({ kind: "note", note: "resumes after step 56 (epoch 1)" });
    expect(trained.model.card.classifier.sha256).toBe(undisturbed.trained.model.card.classifier.sha256);
  });

  it("says what changed when a training is resumed with another config", async () => {
    const outDir = await newFolder();
    await trainAll({ config: smallConfig({ epochs: 1 }), dataDir, outDir });
    await expect(
      trainAll({ config: smallConfig({ epochs: 2 }), dataDir, outDir, resume: true }),
    ).rejects.toMatchObject({
      code: "CHECKPOINT_MISMATCH",
      message: expect.stringContaining("train.epochs was 1, is 2"),
    });
    await writeFile(join(outDir, "training.safetensors"), "{}");
    await expect(
      trainAll({ config: smallConfig({ epochs: 1 }), dataDir, outDir, resume: true }),
    ).rejects.toMatchObject({ code: "SAFETENSORS_INVALID" });
  });

  it("stops at a loss that is not a number, exports nothing, and says which batch", async () => {
    const outDir = await newFolder();
    // The first layer's sums overflow.
    const config = smallConfig();
    const wild = await makeSyntheticBuild({
      labels: ["galactic"],
      embeddings: 1,
      clips: 10,
      shards: 1,
      precision: "float32",
      change: (shard) => ({ ...shard, embeddings: shard.embeddings.map((value) => Math.sign(value) * 3e38) }),
    });
    folders.push(wild);
    await expect(trainAll({ config, dataDir: wild, outDir, backendName: "cpu" })).rejects.toMatchObject({
      code: "LOSS_NOT_FINITE",
      message: expect.stringMatching(
        /the loss of step \d+ is NaN; its batch begins with .*synthetic-0\.safetensors, window \d+/,
      ),
    });
    await expect(readFile(join(outDir, "model.onnx"))).rejects.toThrow("ENOENT");
  });

  it("keeps the checkpoint of the last good epoch when a loss is not a number, and goes on from it", async () => {
    // One window of one shard is wild: the first epochs do not draw it.
    const oneWild = await makeSyntheticBuild({
      labels: ["galactic"],
      embeddings: 1,
      clips: 30,
      shards: 1,
      precision: "float32",
      change: (shard, id) =>
        id.startsWith("train/") ? { ...shard, embeddings: withWildRow(shard.embeddings, 0) } : shard,
    });
    folders.push(oneWild);
    const outDir = await newFolder();
    const options = {
      config: smallConfig({ epochs: 20, stepsPerEpoch: 2 }),
      dataDir: oneWild,
      outDir,
      backendName: "cpu",
    };
    const epochs: number[] = [];
    await expect(
      trainAll({ ...options, onEvent: (event) => event.kind === "epoch" && epochs.push(event.record.epoch) }),
    ).rejects.toMatchObject({
      code: "LOSS_NOT_FINITE",
      message: expect.stringContaining("is kept in"),
    });
    const lastGood = epochs.at(-1)!;
    const kept = await readFile(join(outDir, "training.safetensors"));
    const events: TrainEvent[] = [];
    await expect(
      trainAll({ ...options, resume: true, onEvent: (event) => events.push(event) }),
    ).rejects.toMatchObject({
      code: "LOSS_NOT_FINITE",
      message: expect.stringContaining(`the checkpoint of epoch ${lastGood} is kept`),
    });
    expect(events).toContainEqual({
      kind: "note",
      note: `resumes after step ${2 * lastGood} (epoch ${lastGood})`,
    });
    expect(await readFile(join(outDir, "training.safetensors"))).toEqual(kept);
  });
});

/** Features whose row makes the first layer's sums overflow. */
function withWildRow(embeddings: Float32Array, row: number): Float32Array {
  return embeddings.map((value, i) => (Math.floor(i / 96) === row ? Math.sign(value) * 3e38 : value));
}

describe("shards that do not fit", () => {
  it.each([
    ["another label set", { labels: ["other"] }, "SHARD_MISMATCH", "expected labels galactic, got other"],
    ["a sequence", { embeddings: 4 }, "SHARD_MISMATCH", "expected floor window, got chunk"],
  ])("are refused: %s", async (_, changes, code, text) => {
    const folder = await makeSyntheticBuild({
      labels: ["galactic"],
      embeddings: 1,
      clips: 2,
      shards: 1,
      ...changes,
    });
    folders.push(folder);
    await expect(trainAll({ config: smallConfig(), dataDir: folder, outDir: folder })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
  });

  it("are refused with features that are not numbers, with file and row", async () => {
    const folder = await makeSyntheticBuild({
      labels: ["galactic"],
      embeddings: 1,
      clips: 2,
      shards: 1,
    });
    folders.push(folder);
    const file = join(folder, "shards", "train", "synthetic-0.safetensors");
    const bytes = await readFile(file);
    bytes.writeUInt16LE(0x7e00, (await openShard(file)).embeddingsByte + 2 * (96 * 3 + 5));
    await writeFile(file, bytes);
    await expect(trainAll({ config: smallConfig(), dataDir: folder, outDir: folder })).rejects.toMatchObject({
      code: "FEATURES_NOT_FINITE",
      message: expect.stringContaining("synthetic-0.safetensors: row 3, column 5 is NaN"),
    });
  });

  it("are refused without a positive, a whole build missing, or one shard gone", async () => {
    const empty = await makeSyntheticBuild({
      labels: ["galactic"],
      embeddings: 1,
      clips: 2,
      shards: 1,
      change: (shard) => ({ ...shard, label: shard.label.map(() => -1) }),
    });
    folders.push(empty);
    await expect(trainAll({ config: smallConfig(), dataDir: empty, outDir: empty })).rejects.toMatchObject({
      code: "CLASS_EMPTY",
      message: expect.stringContaining('no positive of "galactic" in split train'),
    });
    await expect(
      trainAll({ config: smallConfig(), dataDir: join(empty, "none"), outDir: empty }),
    ).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await appendFile(join(empty, "shards", "train", "synthetic-0.safetensors"), "x");
    await expect(trainAll({ config: smallConfig(), dataDir: empty, outDir: empty })).rejects.toMatchObject({
      code: "SAFETENSORS_INVALID",
    });
  });
});
