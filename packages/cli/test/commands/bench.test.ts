import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { runCaptured } from "../support/run-captured.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-bench-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("callsign bench", () => {
  it("measures an untrained model, writes a baseline, and checks against it", async () => {
    const file = join(folder, "baseline.json");
    const { exitCode, stdout } = await runCaptured([
      "bench",
      "--rounds",
      "1",
      "--json",
      "--write-baseline",
      file,
    ]);
    expect(exitCode).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ model: "untrained", stepMs: expect.any(Object) });
    expect(result.stepMs.p99).toBeGreaterThanOrEqual(result.stepMs.p50);
    expect(result.streamsPerCore).toBeGreaterThan(0);
    // Whatever the machine does meanwhile, two seconds anew cost many times a step.
    expect(result.ratios.livekitWay).toBeGreaterThan(3);
    const baseline = JSON.parse(await readFile(file, "utf8"));
    const [{ cpu, ratios }] = baseline.machines;
    expect(cpu).toBe(result.machine.cpu);
    expect(Object.keys(ratios)).toEqual(["openWakeWordWay", "livekitWay", "publishedWay"]);
    const impossible = { openWakeWordWay: 1e6, livekitWay: 1e6, publishedWay: 1e6 };
    await writeFile(file, JSON.stringify({ ...baseline, machines: [{ cpu, ratios: impossible }] }));
    const checked = await runCaptured(["bench", "--rounds", "1", "--check", file]);
    expect(checked.exitCode).toBe(1);
    expect(checked.stderr).toContain("measuring again (3 of 3)");
    expect(checked.stderr).not.toContain("has no entry for");
    expect(checked.stderr).toMatch(/error \[BENCH_REGRESSED\] bench: openWakeWordWay: .* % worse/);
  });

  it("reports a processor missing from the baseline, and adds it", async () => {
    const file = join(folder, "elsewhere.json");
    const elsewhere = {
      cpu: "another",
      ratios: { openWakeWordWay: 1e-3, livekitWay: 1e-3, publishedWay: 1e-3 },
    };
    await writeFile(file, JSON.stringify({ model: "untrained", machines: [elsewhere] }));
    const args = ["bench", "--rounds", "1", "--check", file, "--write-baseline", file];
    const { exitCode, stderr } = await runCaptured(args);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/elsewhere\.json: has no entry for .* 40 % worse than its lowest/);
    const { machines } = JSON.parse(await readFile(file, "utf8"));
    expect(machines).toHaveLength(2);
    expect(machines[0]).toEqual(elsewhere);
  });

  it("says how to write a missing baseline", async () => {
    const { exitCode, stderr } = await runCaptured(["bench", "--check", join(folder, "none.json")]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /error \[FILE_NOT_FOUND\] .*none\.json: cannot read the baseline: .*--write-baseline/,
    );
  });

  it("refuses zero rounds and a tolerance that is no percentage", async () => {
    const { exitCode, stderr } = await runCaptured(["bench", "--rounds", "0"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Expected a whole number of 1 or more, got "0"');
    const tolerance = await runCaptured(["bench", "--check", "baseline.json", "--tolerance", "x"]);
    expect(tolerance.exitCode).toBe(2);
    expect(tolerance.stderr).toContain('Expected a number, got "x"');
  });

  it("measures an untrained model on the given embedding", async () => {
    const bench = ["bench", "--rounds", "1", "--json", "--embedding"];
    const known = await runCaptured([...bench, "callsign-embedding"]);
    expect(JSON.parse(known.stdout).model).toBe("untrained");
    const missing = await runCaptured([...bench, join(folder, "none.onnx")]);
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toMatch(/error \[FILE_NOT_FOUND\] .*none\.onnx: cannot read the embedding/);
  });

  it("measures the cost of test-time augmentation", async () => {
    const { stdout } = await runCaptured(["bench", "--rounds", "2", "--json", "--tta", "0,320,640,960"]);
    const { copies } = JSON.parse(stdout);
    expect(copies.count).toBe(4);
    // About 2.5 on an idle machine; two rounds on a busy one say little more than that it was measured.
    expect(copies.ratio).toBeGreaterThan(0.5);
    const told = await runCaptured(["bench", "--rounds", "1", "--tta", "0,640"]);
    expect(told.stdout).toMatch(/2 copies +[\d.]+ times as long as without/);
  });

  it.skipIf(!hasSharedData)("measures an untrained model on Google's embedding", async () => {
    const file = sharedPath("reference", "embedding_model.onnx");
    const { stdout } = await runCaptured(["bench", "--rounds", "1", "--json", "--embedding", file]);
    const { model, ratios } = JSON.parse(stdout);
    expect(model).toBe("untrained on google-speech-embedding 70d16429");
    expect(ratios.openWakeWordWay).toBeGreaterThan(1);
  });
});
