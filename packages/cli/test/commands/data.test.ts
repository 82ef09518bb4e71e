import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { parseConfig } from "../../src/config/read-config.ts";
import { makeSources, smallConfig } from "../../../data/test/build/support/small-build.ts";
import { runCaptured } from "../support/run-captured.ts";

let folder = "";
let config = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-cli-data-"));
  await makeSources(folder);
  config = join(folder, "small.yaml");
  // JSON is YAML.
  await writeFile(config, JSON.stringify(smallConfig, null, 2));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("data build", () => {
  it("prints the plan and builds nothing on a dry run", async () => {
    const out = join(folder, "dry");
    const { exitCode, stdout } = await runCaptured([
      "data",
      "build",
      "--config",
      config,
      "--out",
      out,
      "--dry-run",
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/positive-go +1 +12 /);
    expect(stdout).toMatch(/clips: 30, /);
    await expect(stat(out)).rejects.toThrow("ENOENT");
    const json = await runCaptured(["data", "build", "--config", config, "--dry-run", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ name: "small", scenes: 4, clips: 30 });
  });

  it("builds, inspects, writes a page that plays without network, and reports damage", async () => {
    const out = join(folder, "out");
    const built = await runCaptured([
      "data",
      "build",
      "--config",
      config,
      "--out",
      out,
      "--workers",
      "1",
      "--json",
    ]);
    expect(built.stderr).toMatch(/synthesize: 23 of 23 clips/);
    expect(JSON.parse(built.stdout)).toMatchObject({ out, name: "small", manifest: { clips: 30 } });
    const page = join(folder, "page.html");
    const inspected = await runCaptured(["data", "inspect", out, "--html", page, "--sample", "6", "--json"]);
    expect(inspected.exitCode).toBe(0);
    const report = JSON.parse(inspected.stdout);
    expect(report).toMatchObject({
      clips: 30,
      damaged: [],
      sets: expect.arrayContaining([expect.objectContaining({ id: "user", clips: 3 })]),
    });
    const html = await readFile(page, "utf8");
    expect(html.match(/<audio /g)).toHaveLength(6);
    expect(html.match(/src="data:image\/png;base64,/g)).toHaveLength(6);
    // Nothing is fetched: every address in the page is data.
    expect(html).not.toMatch(/(?:src|href)="(?!data:|#)/);
    const shard = (await readdir(join(out, "shards", "train"))).find((name) => name.startsWith("positive"));
    await appendFile(join(out, "shards", "train", shard!), "x");
    const damaged = await runCaptured(["data", "inspect", out]);
    expect(damaged.exitCode).toBe(1);
    expect(damaged.stdout).toContain("files: 1 damaged");
    expect(damaged.stderr).toContain(
      `[CHECKSUM_MISMATCH] ${out}: 1 files were changed since the build: shards/train/${shard}`,
    );
  });

  it("exits 130 when interrupted", async () => {
    const args = ["data", "build", "--config", config, "--out", join(folder, "interrupted")];
    const { exitCode, stderr } = await runCaptured(args, { signal: AbortSignal.abort() });
    expect(exitCode).toBe(130);
    expect(stderr).toContain("run it again to continue");
  });

  it.each<[string, string[], string]>([
    [
      "an unknown stage",
      ["--stage", "feature"],
      'expected one of texts, synthesize, collect, features, got "feature"; did you mean features?',
    ],
    ["half a worker", ["--workers", "0.5"], 'Expected a whole number from 1 to 256, got "0.5"'],
  ])("exits 2 for %s", async (_what, flags, message) => {
    const { exitCode, stderr } = await runCaptured(["data", "build", "--config", config, ...flags]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });

  it("exits 2 for a misspelt key, and suggests the right one", async () => {
    const path = join(folder, "misspelt.yaml");
    await writeFile(
      path,
      "labels: [{label: go, phrases: [go on]}]\ndata:\n  positives: {clipPerPhrase: 3}\n",
    );
    const { exitCode, stderr } = await runCaptured(["data", "build", "--config", path]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      `${path}: data.positives: unknown key "clipPerPhrase"; did you mean "clipsPerPhrase"?`,
    );
  });

  it("reports a folder without a build", async () => {
    const { exitCode, stderr } = await runCaptured(["data", "inspect", join(folder, "none")]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("no finished build here; run: callsign data build");
  });
});

describe("data pull", () => {
  it("finds a local embedding, and downloads nothing for a config without hub sources", async () => {
    const { exitCode, stdout } = await runCaptured(["data", "pull", "--config", config, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual([{ name: join(folder, "embedding.onnx"), kind: "embedding" }]);
  });
});

describe("parseConfig", () => {
  it.each([
    ["a: [1, 2\nb: 3\n", "c.yaml:2:1: not valid YAML"],
    ["a: 1\nb: 2\na: 3\n", "c.yaml:3:1: not valid YAML: Map keys must be unique"],
    ["a: 'open\n", "c.yaml:2:1: not valid YAML"],
    ["a: !!unknown 3\n", "c.yaml:1:4: not valid YAML"],
  ])("refuses %j with its place", (text, message) => {
    expect(() => parseConfig(text, { name: "c.yaml" })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(message) }),
    );
  });

  it("refuses aliases that expand without bound", () => {
    const lines = Array.from(
      { length: 9 },
      (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}*a${i}]`,
    );
    const text = ["a0: &a0 [x]", ...lines].join("\n");
    expect(() => parseConfig(text, { name: "c.yaml" })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });

  it("reads an empty file as an empty config", () => {
    expect(parseConfig("# nothing\n", { name: "c.yaml" })).toEqual({});
  });
});
