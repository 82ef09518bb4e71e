/** The workflow's own script, on a detector of a tone, made worse in two ways. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fromInt16, writeWav } from "@callsign/audio/internal";
import { createRandom } from "@callsign/data/internal";
import { formatModelCard } from "@callsign/infer/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runCaptured } from "../../packages/cli/test/support/run-captured.ts";
import { toneDetector, tones } from "../../packages/infer/test/support/tone-detector.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";
const at = (...parts: string[]): string => join(folder, ...parts);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-workflow-"));
  for (const name of ["words", "talk"]) await mkdir(at(name));
  // From 0.5 s before the first tone to 0.5 s after it.
  const word = tones().subarray(16_000, 3 * 16_000);
  const hiss = createRandom("hiss");
  for (let i = 0; i < 8; i++) {
    await writeFile(at("words", `${i}.wav`), writeWav({ samples: fromInt16(word), sampleRateHz: 16_000 }));
    const talk = Float32Array.from({ length: 4 * 16_000 }, () => 0.0005 * hiss.normal());
    await writeFile(at("talk", `${i}.wav`), writeWav({ samples: talk, sampleRateHz: 16_000 }));
  }
  const { card, classifier } = await toneDetector();
  for (const [name, threshold] of [
    ["good", 0.5],
    ["deaf", 1],
    ["nervous", 0],
  ] as const) {
    await mkdir(at(name));
    const changed = { ...card, decision: { ...card.decision, thresholds: { tone: threshold } } };
    await writeFile(at(name, "model.json"), formatModelCard(changed, { name }));
    await writeFile(at(name, card.classifier.file), classifier);
  }
  const baseline = await evaluate("good", ["--write-baseline", at("baseline.json")]);
  expect(baseline.exitCode).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const evaluate = (model: string, options: readonly string[]) =>
  runCaptured(
    ["eval", "keyword", "--model", at(model), "--positives", at("words"), "--negatives", at("talk")].concat(
      options,
    ),
  );

describe("a check against a baseline", () => {
  it("passes for the same model", async () => {
    const { exitCode, stderr } = await evaluate("good", ["--check", at("baseline.json")]);
    expect(exitCode, stderr).toBe(0);
  });

  it("fails for the misses of a threshold that is too high", async () => {
    const { exitCode, stderr } = await evaluate("deaf", ["--check", at("baseline.json")]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /\[MODEL_REGRESSED\].*"tone": missed at the card's threshold: was 0\.0 % .* is 100\.0 %/,
    );
    expect(stderr).not.toContain("false accepts at");
  });

  it("fails for the false accepts of a threshold that is too low", async () => {
    const { exitCode, stderr } = await evaluate("nervous", ["--check", at("baseline.json")]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/"tone": false accepts at the card's threshold: was 0\.00 per hour/);
  });
});

describe("evaluate-model.yml", () => {
  it("shows the figures of a model that misses everything, and fails", async () => {
    const workflow = parse(await readFile(join(root, ".github/workflows/evaluate-model.yml"), "utf8"));
    expect(workflow.permissions).toEqual({ contents: "read" });
    const { steps } = workflow.jobs.evaluate;
    const step = steps.find(({ name }: { readonly name?: string }) => name === "Evaluate");
    expect(step.run).not.toContain("${{");
    // The checkout of Callsign.
    await symlink(root, at(".callsign")).catch(() => undefined);
    const summary = at("summary.md");
    const inputs = {
      MODEL: "deaf",
      POSITIVES: "words",
      NEGATIVES: "talk\n\n",
      BASELINE: "baseline.json",
      OPTIONS: "",
    };
    expect(Object.keys(step.env)).toEqual(Object.keys(inputs));
    const env = { ...process.env, ...inputs, GITHUB_STEP_SUMMARY: summary };
    const failure = await promisify(execFile)("bash", ["-e", "-o", "pipefail", "-c", step.run], {
      cwd: folder,
      env,
    }).then(
      () => ({ code: 0, stderr: "" }),
      (error: unknown) => error as { readonly code: number; readonly stderr: string },
    );
    expect(failure.code, failure.stderr).toBe(1);
    const page = await readFile(summary, "utf8");
    expect(page).toMatch(/^### tone, as recorded\n\n\| label .*\n\| --- .*\n\| tone \| 8 \| 0\.01 \|/);
    expect(page).toContain("**Worse than the baseline:**");
    expect(JSON.parse(await readFile(at("evaluation", "baseline.json"), "utf8")).labels).toHaveLength(1);
  });
});
