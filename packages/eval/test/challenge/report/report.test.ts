import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeRun } from "../../../src/challenge/evaluation.ts";
import { type ChallengeReportParts, makeChallengeReport } from "../../../src/challenge/report/report.ts";
import { renderChallengeReport, writeChallengeReport } from "../../../src/challenge/report/report-page.ts";
import type { ChallengeTruth } from "../../../src/challenge/truth.ts";
import type { LabelledRun, RunTiming } from "../../../src/challenge/labeller.ts";
import { machineFacts } from "../../../src/report/machine-facts.ts";

const EVIL = `"><script src="http://evil.example/x.js"></script><img src=x onerror='y'>&`;
const FRAMES = 200;
const truth: ChallengeTruth = {
  sampleRateHz: 16_000,
  frameLength: 512,
  numSamples: FRAMES * 512 + 100,
  commands: [
    { startSample: 10_000, endSample: 20_000, text: EVIL },
    { startSample: 50_000, endSample: 60_000 },
  ],
};
const samples = Float32Array.from({ length: truth.numSamples }, (_, i) => 0.03 * Math.sin(i / 10));

function partsOf(change: Partial<LabelledRun> = {}): ChallengeReportParts {
  const scores = Float32Array.from({ length: FRAMES }, (_, i) => (i > 20 && i < 40 ? 0.9 : 0.27));
  const labels = Uint8Array.from(scores, (score) => (score > 0.5 ? 0 : 1));
  const run = { frameLength: 512, labels, scores, timing: null, ...change };
  return {
    mode: run.timing === null ? "offline" : "realtime",
    result: judgeRun(run, truth),
    run,
    samples,
    truth,
    threshold: 0.5,
    clipName: EVIL,
    model: null,
    command: `callsign ${EVIL}`,
    machine: machineFacts(),
    tool: { name: "callsign", version: "0.1.0" },
    createdAt: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
  };
}

const timingOf = (overrun: (i: number) => number): RunTiming => {
  const emittedMs = Float64Array.from({ length: FRAMES }, (_, i) => i * 32 + 0.1234567);
  return { periodMs: 32, emittedMs, labelledMs: emittedMs.map((emitted, i) => emitted + overrun(i)) };
};

const pageOf = (parts: ChallengeReportParts) => {
  const page = renderChallengeReport(makeChallengeReport(parts));
  return { page, document: parseHTML(page).document };
};

describe("makeChallengeReport", () => {
  it("has a stable shape", () => {
    const report = makeChallengeReport(partsOf());
    expect(Object.keys(report)).toEqual([
      "schemaVersion",
      "kind",
      "createdAt",
      "tool",
      "mode",
      "command",
      "machine",
      "clip",
      "truth",
      "model",
      "result",
      "published",
      "frames",
      "waveform",
    ]);
    expect(report).toMatchObject({
      schemaVersion: 1,
      kind: "challenge",
      createdAt: "2026-01-02T03:04:05.000Z",
    });
    expect(report.clip).toMatchObject({ samples: 102_500, samplesScored: 102_400, isPublished: false });
    expect(report.frames.scores[0]).toBe(0.27);
    expect(report.frames).toMatchObject({ emittedMs: null, overrunsMs: null });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it("keeps times to the microsecond, and a missing score as null", () => {
    const scores = new Float32Array(FRAMES).fill(NaN);
    const { frames } = makeChallengeReport(partsOf({ scores, timing: timingOf(() => 2.00049) }));
    expect(frames.emittedMs![1]).toBe(32.123);
    expect(frames.overrunsMs![1]).toBe(2);
    expect(frames.scores[0]).toBe(null);
  });
});

describe("renderChallengeReport", () => {
  it("lets no text of a clip, a truth or a command line become markup", () => {
    const { page, document } = pageOf(partsOf({ timing: timingOf(() => 3) }));
    expect(document.querySelectorAll("script, img, iframe, object, [onerror]").length).toBe(0);
    expect(document.querySelector("h1")!.textContent).toContain(EVIL);
    expect(document.querySelector("#commands tbody th")!.textContent).toBe(EVIL);
    // All that is left of addresses is text.
    expect(page).not.toMatch(/(?:href|src)="(?!data:,)/);
  });

  it("draws every figure of a real-time run, with numbers throughout", () => {
    const { page, document } = pageOf(
      partsOf({ timing: timingOf((i) => (i === 50 ? 300 : 2 + (i % 7) / 3)) }),
    );
    expect(document.querySelectorAll("figure svg.wide").length).toBe(4);
    expect(document.querySelectorAll("figure svg.narrow").length).toBe(4);
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(document.querySelector(".key-figures .bad")!.textContent).toBe("not valid");
    expect(document.querySelector("#latency tbody tr:last-child td")!.textContent).toBe("300.0 ms");
  });

  it("claims nothing about the time of an offline run", () => {
    const { document } = pageOf(partsOf());
    expect(document.querySelectorAll("figure svg.wide").length).toBe(2);
    expect(document.querySelector("#latency")!.textContent).toContain("--realtime");
    expect(document.querySelector(".key-figures")!.textContent).not.toContain("valid");
  });

  it("sets the published figures beside, and says that another clip does not compare", () => {
    const { document } = pageOf(partsOf());
    const [score] = document.querySelectorAll("#numbers tbody tr");
    expect([...score!.children].map((cell) => cell.textContent)).toEqual([
      "Score",
      expect.stringMatching(/^-?\d\.\d{5}$/),
      "0.59960",
      "–",
    ]);
    expect(document.querySelector("#numbers .notice")!.textContent).toContain("not the challenge's clip");
    const same = {
      ...makeChallengeReport(partsOf()),
      clip: { name: "c", samples: 964_096, samplesScored: 964_096, sha256: "", isPublished: true },
    };
    const again = parseHTML(renderChallengeReport(same)).document;
    expect(again.querySelector("#numbers tbody tr td:last-child")!.textContent).toMatch(/^[−+]\d\.\d{5}$/);
    expect(again.querySelector("#numbers .notice")!.textContent).toContain("sample for sample");
  });

  it("stays small for a clip of two hours", () => {
    const many = 225_000;
    const long = { ...truth, numSamples: many * 512 };
    const scores = Float32Array.from({ length: many }, (_, i) => (i % 2) * 0.8);
    const labels = Uint8Array.from(scores, (score) => (score > 0.5 ? 0 : 1));
    const emittedMs = Float64Array.from({ length: many }, (_, i) => i * 32);
    const run = {
      frameLength: 512,
      labels,
      scores,
      timing: { periodMs: 32, emittedMs, labelledMs: emittedMs.map((ms) => ms + 1) },
    };
    // The envelope and the hash are of the short clip: their own tests cover long ones.
    const report = makeChallengeReport({ ...partsOf(), run, truth: long, result: judgeRun(run, long) });
    expect(renderChallengeReport(report).length).toBeLessThan(600_000);
  });
});

describe("writeChallengeReport", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-report-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("writes both files and nothing else", async () => {
    const report = makeChallengeReport(partsOf());
    const out = join(folder, "deep", "report");
    const { jsonPath, htmlPath } = await writeChallengeReport(out, report);
    expect(await readdir(out)).toEqual(["report.html", "report.json"]);
    expect(JSON.parse(await readFile(jsonPath, "utf8"))).toEqual(report);
    expect(await readFile(htmlPath, "utf8")).toBe(renderChallengeReport(report));
  });
});
