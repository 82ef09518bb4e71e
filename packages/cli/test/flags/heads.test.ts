import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { tinyHead } from "../../../infer/test/support/tiny-head.ts";
import { headArguments, headOf, namesInOrder } from "../../src/flags/heads.ts";
import { formatThreshold, parseThreshold } from "../../src/flags/threshold.ts";
import { runCaptured } from "../support/run-captured.ts";

describe("head flags", () => {
  it("apply to the only model or to the model they name", () => {
    const flags = { labels: ["a, b=c"], headEmbeddings: ["20"], name: ["x"] };
    expect(headOf(flags, { model: "heads/t.onnx", models: ["heads/t.onnx"] })).toEqual({
      labels: ["a", "b=c"],
      embeddings: 20,
      name: "x",
    });
    const models = ["models/oxygen", "heads/timer_v0.1.onnx"];
    const named = { labels: ["timer_v0.1=a,b"], background: ["heads/timer_v0.1.onnx=a"] };
    expect(headOf(named, { model: models[0]!, models })).toEqual({});
    expect(headOf(named, { model: models[1]!, models })).toEqual({ labels: ["a", "b"], background: "a" });
    expect(headArguments(named)).toEqual([
      "--labels",
      "timer_v0.1=a,b",
      "--background",
      "heads/timer_v0.1.onnx=a",
    ]);
    expect(namesInOrder({ name: ["oxygen=o", "x", "y=z"] }, models)).toEqual(["x", "y=z"]);
    expect(() => headOf({ labels: ["a,b"] }, { model: models[1]!, models })).toThrow(
      /--labels: expected MODEL=.* such as --labels oxygen=a,b; models: oxygen, timer_v0\.1/,
    );
    expect(() => headOf({ headEmbeddings: ["1.5"] }, { model: "t.onnx", models: ["t.onnx"] })).toThrow(
      /--head-embeddings: expected an integer 1 to 1024, got 1\.5/,
    );
  });

  it("read thresholds for all labels or for each", () => {
    expect(parseThreshold("0.6")).toBe(0.6);
    const each = parseThreshold("c=1", parseThreshold("a=0.5, b=b=0.25"));
    expect(each).toEqual({ a: 0.5, "b=b": 0.25, c: 1 });
    expect(parseThreshold(formatThreshold(each))).toEqual(each);
    for (const bad of ["a=", "=0.5", "a=0.5,0.6", "high"])
      expect(() => parseThreshold(bad), bad).toThrow(/Expected/);
    expect(() => parseThreshold("0.5", each)).toThrow(/not both/);
  });
});

describe.skipIf(!hasSharedData)("callsign detect with heads without a card", () => {
  let folder: string;
  let recording: string;
  const embedding = ["--embedding", sharedPath("reference", "embedding_model.onnx")];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-heads-"));
    const [file] = (await readdir(sharedPath("keywords", "alexa"))).toSorted();
    recording = sharedPath("keywords", "alexa", file!);
    // Scores close to 0.5, whatever is heard.
    const weight = (row: number, column: number): number => Math.sin(row + column) * 1e-4;
    await writeFile(join(folder, "lights.onnx"), tinyHead({ embeddings: 22, labels: 3, batch: 1, weight }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const detect = async (model: string, ...flags: string[]): Promise<{ labels: string[]; stderr: string }> => {
    const { exitCode, stdout, stderr } = await runCaptured([
      "detect",
      recording,
      "--json",
      "--model",
      model,
      ...embedding,
      ...flags,
    ]);
    expect(exitCode, stderr).toBe(0);
    const [result] = JSON.parse(stdout) as { detections: { label: string }[] }[];
    return { labels: [...new Set(result!.detections.map(({ label }) => label))].toSorted(), stderr };
  };

  it("uses the given labels, and tells how to name several outputs", async () => {
    const alexa = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
    expect(await detect(alexa, "--labels", "alexa", "--threshold", "alexa=0.3")).toEqual({
      labels: ["alexa"],
      stderr: "",
    });
    expect(await detect(alexa, "--name", "amazon")).toMatchObject({ labels: ["amazon"] });
    const lights = join(folder, "lights.onnx");
    const unnamed = await detect(lights, "--threshold", "0");
    expect(unnamed.labels).toEqual(["lights_0", "lights_1", "lights_2"]);
    expect(unnamed.stderr).toMatch(
      /lights\.onnx: 3 scores without names, .*--labels a,b,\.\.\..*--background/,
    );
    const named = ["--labels", "other,on,off", "--background", "other"];
    expect(await detect(lights, ...named, "--threshold", "on=0,off=1")).toEqual({
      labels: ["on"],
      stderr: "",
    });
  });

  it("names the model of each detection of several models", async () => {
    const alexa = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
    const models = ["--model", alexa, "--model", join(folder, "lights.onnx"), "--labels", "lights=a,b,c"];
    const args = ["detect", recording, ...models, ...embedding, "--threshold", "a=0,b=1,c=1"];
    const { exitCode, stdout, stderr } = await runCaptured(args);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/\tlights\ta\t/);
    const unknown = await runCaptured(["detect", recording, ...models, ...embedding, "--threshold", "d=0"]);
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no label "d"') as string });
  });
});
