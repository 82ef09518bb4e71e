import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ChallengeReport, ChallengeResult } from "@callsign/eval";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../test-support/shared-data.ts";
import { challengeFlags, exportPublished, modelFlags } from "./published-model.ts";
import { runCaptured } from "./run-captured.ts";

describe.skipIf(!hasSharedData)("export, then eval challenge and detect, on the published weights", () => {
  let model: string;
  beforeAll(async () => {
    const { model: folder, exported } = await exportPublished();
    model = folder;
    expect(exported.stderr).toBe("");
    expect(JSON.parse(exported.stdout)).toMatchObject({ parameterCount: 549_377 });
  });

  afterAll(() => rm(model, { recursive: true }));

  it("scores the whole clip as published, frame by frame", async () => {
    const report = join(model, "report");
    const { exitCode, stdout } = await runCaptured([
      "eval",
      "challenge",
      ...challengeFlags(model),
      "--json",
      "--report",
      report,
    ]);
    expect(exitCode).toBe(0);
    const result = JSON.parse(stdout) as ChallengeResult;
    // ../shared/README.md, reproduced there in Python
    expect(result.score).toBeCloseTo(0.5996031515533723, 12);
    expect(result.accuracy).toBeCloseTo(0.9666537357275624, 12);
    expect(result.precision).toBeCloseTo(0.9773880700778643, 12);
    expect(result.recall).toBeCloseTo(0.9875610942022384, 12);
    expect(result).toMatchObject({
      frames: 1883,
      valid: null,
      slowSamples: null,
      maxOverrunMs: null,
      latencyMs: null,
    });

    const { frames } = JSON.parse(await readFile(join(report, "report.json"), "utf8")) as ChallengeReport;
    const reference = JSON.parse(
      await readFile(sharedPath("reference", "galactic-published-scores.json"), "utf8"),
    ) as {
      broadcastScore: number[];
    };
    expect(frames.scores.map((score) => 1 - score!)).toBeAllClose(reference.broadcastScore, {
      atol: 1e-4,
      rtol: 0,
    });
    expect(await readFile(join(report, "report.html"), "utf8")).toContain("0.5996");
  });

  it("scores the first 512,000 samples with the whole clip's weights", async () => {
    const { stdout } = await runCaptured([
      "eval",
      "challenge",
      ...challengeFlags(model),
      "--json",
      "--until-sample",
      "512000",
    ]);
    const result = JSON.parse(stdout) as ChallengeResult;
    expect(result.score).toBeCloseTo(0.45794140625, 12);
    expect(result.precision).toBeCloseTo(0.9687169661733616, 12);
    expect(result.recall).toBeCloseTo(0.9898775944202296, 12);
  });

  it("detects the clip's commands and reports a bad file among good ones without losing them", async () => {
    const files = [sharedPath("challenge", "challenge.wav"), sharedPath("challenge", "ground-truth.json")];
    const { exitCode, stdout, stderr } = await runCaptured([
      "detect",
      ...files,
      ...modelFlags(model),
      "--json",
    ]);
    expect(exitCode).toBe(1);
    const [clip, notAudio] = JSON.parse(stdout) as {
      detections: { timestampMs: number }[];
      error?: { code: string; message: string };
    }[];
    const seconds = clip!.detections.map(({ timestampMs }) => timestampMs / 1000);
    for (const [from, to] of [
      [142_000, 160_000],
      [340_000, 360_000],
      [620_000, 635_000],
    ] as const) {
      expect(seconds.some((at) => at >= from / 16_000 && at <= to / 16_000 + 0.5)).toBe(true);
    }
    expect(notAudio!.error).toMatchObject({
      code: "AUDIO_INVALID",
      message: expect.stringContaining("ground-truth.json"),
    });
    expect(stderr).toContain("detect: 1 of 2");
  });

  it("hears copies of the audio where the card or the command line asks for them", async () => {
    const augmented = await exportPublished(["--tta", "0,256"]);
    const report = join(augmented.model, "report");
    const until = ["--until-sample", "160000", "--json"];
    const byCard = await runCaptured(["eval", "challenge", ...challengeFlags(augmented.model), ...until]);
    const flags = [...challengeFlags(model), ...until, "--tta", "0,256", "--report", report];
    const byFlag = await runCaptured(["eval", "challenge", ...flags]);
    const asItIs = await runCaptured(["eval", "challenge", ...challengeFlags(model), ...until]);
    const score = ({ stdout }: { readonly stdout: string }) => (JSON.parse(stdout) as ChallengeResult).score;
    expect(score(byCard)).toBe(score(byFlag));
    expect(score(byCard)).not.toBe(score(asItIs));
    // The copy that lags half a hop behind makes the model later, which costs score.
    expect(score(byCard)).toBeLessThan(score(asItIs));
    const { command } = JSON.parse(await readFile(join(report, "report.json"), "utf8")) as {
      command: string;
    };
    expect(command).toContain("--tta 0,256");
    const tooLate = await runCaptured(["eval", "challenge", ...challengeFlags(model), "--tta", "0,20000"]);
    expect(tooLate.exitCode).toBe(2);
    expect(tooLate.stderr).toMatch(/INVALID_ARGUMENT\] testTimeAugmentation: .*delay/);
    await rm(augmented.model, { recursive: true });
  });

  it("refuses a truth of another clip, with the file and the place", async () => {
    const prime = sharedPath("challenge", "priming.wav");
    const { exitCode, stderr } = await runCaptured([
      "eval",
      "challenge",
      ...challengeFlags(model),
      "--clip",
      prime,
      "--json",
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error \[TRUTH_INVALID\] .*ground-truth\.json.*commands\[0\]/);
  });
});
