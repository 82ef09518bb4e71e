import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { makeSources, smallConfig as dataConfig } from "../../../data/test/build/support/small-build.ts";
import { makeSyntheticBuild } from "../../../train/test/support/synthetic-build.ts";
import { runCaptured } from "../support/run-captured.ts";

const TRAIN = {
  stepsPerEpoch: 5,
  batch: { positives: 8, negatives: 16 },
  architecture: { width: 8 },
  backend: "onnxruntime",
};
const SMALL_DATA = {
  ...dataConfig.data,
  positives: { clipsPerPhrase: 8, copies: 1 },
  negatives: {
    sentences: { clips: 0 },
    nearMisses: { clips: 0 },
    partial: { clips: 0 },
    randomWords: { clips: 0 },
    foreign: { clips: 0 },
  },
  scenes: { count: 3, seconds: 3 },
};
let folder = "";
let dataDir = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-cli-train-"));
  dataDir = await makeSyntheticBuild({ labels: ["galactic"], embeddings: 16, clips: 20, shards: 1 });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
});

/** JSON is YAML. */
async function writeConfig(name: string, config: object): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(config));
  return file;
}

describe("train over an earlier training", () => {
  const train = async (epochs: number, ...flags: string[]) => {
    const labels = [{ label: "galactic", phrases: ["galactic"] }];
    const config = await writeConfig("train.yaml", { name: "small", labels, train: { ...TRAIN, epochs } });
    const out = join(folder, "model");
    return runCaptured(["train", "--config", config, "--data", dataDir, "--out", out, ...flags]);
  };

  it("is refused without an option, continued with --resume, and kept in earlier-N with --restart", async () => {
    const file = (...path: string[]) => readFile(join(folder, "model", ...path));
    const first = await train(1);
    expect(first.exitCode, first.stderr).toBe(0);
    const checkpoint = await file("training.safetensors");
    const model = await file("model.onnx");

    const again = await train(1);
    expect(again).toMatchObject({ exitCode: 2, stdout: "" });
    expect(again.stderr).toMatch(/already a training \(epoch 1 of 1\); --resume continues it, --restart/);
    const changed = await train(2);
    expect(changed.exitCode).toBe(2);
    expect(changed.stderr).toMatch(/cannot be continued \(train.epochs was 1, is 2\); --restart/);
    const both = await train(1, "--resume", "--restart");
    expect(both.stderr).toContain("cannot be used with option");
    expect((await train(2, "--resume")).stderr).toMatch(/CHECKPOINT_MISMATCH.*--restart/);
    expect(await file("training.safetensors")).toEqual(checkpoint);
    expect(await file("model.onnx")).toEqual(model);

    expect((await train(1, "--resume")).exitCode).toBe(0);
    const restarted = await train(2, "--restart");
    expect(restarted.exitCode, restarted.stderr).toBe(0);
    expect(restarted.stderr).toContain(`kept in ${join(folder, "model", "earlier-1")}`);
    expect(await file("earlier-1", "training.safetensors")).toEqual(checkpoint);
    expect(await file("earlier-1", "model.onnx")).toEqual(model);
    expect(await file("model.onnx")).not.toEqual(model);
  });

  it("is refused over a model without a checkpoint", async () => {
    await mkdir(join(folder, "exported"), { recursive: true });
    await writeFile(join(folder, "exported", "model.onnx"), "someone's work");
    const config = join(folder, "train.yaml");
    const out = join(folder, "exported");
    const { exitCode, stderr } = await runCaptured([
      "train",
      "--config",
      config,
      "--data",
      dataDir,
      "--out",
      out,
    ]);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("already a model"),
    });
    expect(await readFile(join(out, "model.onnx"), "utf8")).toBe("someone's work");
  });
});

describe("export", () => {
  it.each([
    [["--checkpoint", "a", "--label", "b"], "model.json"],
    [["--single-file", "--model", "m"], ""],
  ])("does not replace a model unasked: %j", async (flags, name) => {
    const out = join(folder, "kept", ...flags.slice(0, 1));
    const file = join(out, name);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, "someone's work");
    const refused = await runCaptured(["export", ...flags, "--out", out]);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("exists; give --force") });
    // With it, the next thing that is wrong is found.
    const forced = await runCaptured(["export", ...flags, "--out", out, "--force"]);
    expect(forced.stderr).toMatch(/FILE_NOT_FOUND|MODEL_NOT_FOUND/);
    expect(await readFile(file, "utf8")).toBe("someone's work");
  });
});

describe("run", () => {
  it("rebuilds after an edited config, reports the changes, keeps trainings and survives damaged state", async () => {
    await makeSources(folder);
    const out = join(folder, "run");
    const run = async (epochs: number, data: object = {}, name = "small") => {
      const file = await writeConfig("run.yaml", {
        ...dataConfig,
        name,
        data: { ...SMALL_DATA, ...data },
        train: { ...TRAIN, epochs },
      });
      return runCaptured(["run", "--config", file, "--out", out]);
    };
    const first = await run(1);
    expect(first.exitCode, first.stderr).toBe(0);
    const checkpoint = await readFile(join(out, "model", "training.safetensors"));

    // Another detector's data is not replaced.
    const other = await run(1, {}, "other");
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toMatch(/holds the data of detector "small", but the config is for "other".*--out/);

    await writeFile(join(out, "model", "training.safetensors"), checkpoint.subarray(0, 1000));
    await writeFile(join(out, "data", "plan.json"), '{"tool": "calls');
    const healed = await run(1);
    expect(healed.exitCode, healed.stderr).toBe(0);
    expect(healed.stderr).toContain("plan.json was missing or damaged; it is written again");
    expect(healed.stderr).toContain("the earlier training cannot be continued");

    const retrained = await readFile(join(out, "model", "training.safetensors"));
    const scenes = { scenes: { count: 2, seconds: 3 } };
    const edited = await run(2, scenes);
    expect(edited.exitCode, edited.stderr).toBe(0);
    expect(edited.stderr).toContain("data.scenes.count was 3, is 2");
    expect(edited.stderr).toContain("train.epochs was 1, is 2; the data was rebuilt");
    expect(edited.stderr).toContain(join(out, "model", "earlier-2"));
    expect(await readFile(join(out, "model", "earlier-2", "training.safetensors"))).toEqual(retrained);
    // Nothing changed: nothing is trained again.
    expect((await run(2, scenes)).stderr).toContain("resumes after step 10");
  });
});
