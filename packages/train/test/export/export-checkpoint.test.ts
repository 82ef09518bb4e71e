import { float32Tensor, writeSafetensors } from "@callsign/data/internal";
import { loadClassifier, parseModelCard } from "@callsign/infer/internal";
import { createNodeSession, readModelFolder } from "@callsign/infer/node/internal";
import { exportCheckpoint, mlp } from "@callsign/train/internal";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomWeights } from "../models/random-weights.ts";

let folder: string;
let checkpoint: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-export-"));
  checkpoint = join(folder, "galactic.safetensors");
  const { parameters } = mlp();
  const weights = randomWeights(mlp(), 1);
  const tensors = new Map(
    parameters.map(({ name, shape }) => [name, float32Tensor(shape, weights.get(name)!)]),
  );
  await writeFile(checkpoint, writeSafetensors(tensors));
});

afterAll(() => rm(folder, { recursive: true }));

describe("exportCheckpoint", () => {
  it("writes a folder that the detector's own loader accepts", async () => {
    const out = join(folder, "new", "model");
    const exported = await exportCheckpoint({
      checkpoint,
      architecture: "mlp",
      label: "galactic",
      threshold: 0.73,
      out,
    });
    expect(exported).toMatchObject({
      parameterCount: 549_377,
      modelFile: join(out, "model.onnx"),
      cardFile: join(out, "model.json"),
    });
    expect((await readdir(out)).toSorted()).toEqual(["model.json", "model.onnx"]);
    const card = parseModelCard(await readFile(exported.cardFile, "utf8"), { name: "card" });
    const graph = await readFile(exported.modelFile);
    expect(card).toMatchObject({
      name: "galactic",
      labels: ["galactic"],
      classifier: { sha256: createHash("sha256").update(graph).digest("hex"), bytes: graph.length },
      windowing: { kind: "sliding-audio", windowLength: 13_000, hopLength: 512 },
      frontend: { floor: "window" },
      decision: { thresholds: { galactic: 0.73 }, patience: 1 },
    });
    const files = await readModelFolder(out);
    const classifier = await loadClassifier(files.classifier, {
      name: files.name,
      createSession: createNodeSession(),
      labels: ["galactic"],
      embeddings: 1,
    });
    await classifier.dispose();
  });

  it("gives the same graph for the same checkpoint", async () => {
    const graphs = [];
    for (const run of ["a", "b"]) {
      const { modelFile } = await exportCheckpoint({
        checkpoint,
        architecture: "mlp",
        label: run,
        threshold: 0.5,
        out: join(folder, run),
      });
      graphs.push(await readFile(modelFile));
    }
    expect(Buffer.compare(graphs[0]!, graphs[1]!)).toBe(0);
  });

  it.each([
    [
      "a checkpoint that is not there",
      { checkpoint: "/nowhere/w.safetensors" },
      "FILE_NOT_FOUND",
      /\/nowhere\/w\.safetensors: cannot read/,
    ],
    [
      "an unknown architecture",
      { architecture: "mlpp" },
      "INVALID_ARGUMENT",
      /got "mlpp"; did you mean mlp\?/,
    ],
    [
      "a threshold beyond 1",
      { threshold: 1.5 },
      "INVALID_ARGUMENT",
      /threshold: expected a score 0 to 1, got 1\.5/,
    ],
    ["a threshold that is no number", { threshold: NaN }, "INVALID_ARGUMENT", /got NaN/],
    ["an empty label", { label: "" }, "CARD_INVALID", /labels/],
  ])("refuses %s and writes nothing", async (_, change, code, message) => {
    const out = join(folder, "refused");
    const run = exportCheckpoint({
      checkpoint,
      architecture: "mlp",
      label: "galactic",
      threshold: 0.7,
      out,
      ...change,
    });
    await expect(run).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(readdir(out)).rejects.toThrow("ENOENT");
  });
});
