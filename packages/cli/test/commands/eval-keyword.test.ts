import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRandom } from "@callsign/data/internal";
import { writeWav } from "@callsign/audio/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { runCaptured } from "../support/run-captured.ts";

/** A few recordings of each kind, and openWakeWord's public head: the whole command within seconds. */
describe.skipIf(!hasSharedData)("eval keyword and eval compare on people's recordings", () => {
  let folder = "";
  const head = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
  const asset = ["--embedding", sharedPath("reference", "embedding_model.onnx")];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-eval-keyword-"));
    for (const [from, to, count] of [
      [["keywords", "alexa"], "words", 12],
      [["keywords", "computer"], "talk", 12],
    ] as const) {
      await mkdir(join(folder, to));
      const files = (await readdir(sharedPath(...from))).filter((file) => file.endsWith(".flac"));
      for (const file of files.toSorted().slice(0, count))
        await cp(sharedPath(...from, file), join(folder, to, file));
    }
    // Speech as LibriSpeech has it: of two recordings, one says the word.
    await mkdir(join(folder, "books"));
    for (const [i, word] of ["computer", "alexa"].entries()) {
      const files = (await readdir(sharedPath("keywords", word))).toSorted();
      await cp(sharedPath("keywords", word, files[20]!), join(folder, "books", `1-2-000${i}.flac`));
    }
    await writeFile(join(folder, "books", "1-2.trans.txt"), "1-2-0000 COMPUTER\n1-2-0001 ALEXA\n");
    await mkdir(join(folder, "noise"));
    const hiss = createRandom("hiss");
    const samples = Float32Array.from({ length: 5 * 16_000 }, () => 0.015 * hiss.normal());
    await writeFile(join(folder, "noise", "hiss.wav"), writeWav({ samples, sampleRateHz: 16_000 }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const recordings = (): string[] => [
    "--positives",
    join(folder, "words"),
    "--negatives",
    join(folder, "talk"),
    ...asset,
  ];

  it("detects most of twelve people and nothing else, and writes a report with audio", async () => {
    const report = join(folder, "report");
    const { exitCode, stdout } = await runCaptured([
      "eval",
      "keyword",
      "--model",
      head,
      ...recordings(),
      "--report",
      report,
      "--json",
    ]);
    expect(exitCode).toBe(0);
    const { labels, mean } = JSON.parse(stdout);
    expect(labels).toHaveLength(1);
    expect(mean).toBeNull();
    const [found] = labels;
    expect(found.positives).toBe(12);
    expect(found.negativeHours).toBeGreaterThan(0.005);
    expect(Object.keys(found.operatingPoints[1])).toEqual(
      expect.arrayContaining(["falseAcceptsPerHour", "threshold", "falseRejectRate", "resampledInterval"]),
    );
    expect(
      found.operatingPoints.map((one: { falseAcceptsPerHour: number }) => one.falseAcceptsPerHour),
    ).toEqual([0.1, 0.5, 1, 2, 5]);
    expect(found.operatingPoints[1].misses).toBeLessThanOrEqual(2);
    expect(found.latencyMs).toEqual({ p50: expect.any(Number) as number, p90: expect.any(Number) as number });
    const html = await readFile(join(report, "report.html"), "utf8");
    expect(html).toContain("<audio");
    expect(html).not.toMatch(/src="https?:/);
    const json = JSON.parse(await readFile(join(report, "report.json"), "utf8"));
    expect(json).toMatchObject({ schemaVersion: 2, kind: "keyword" });
    expect(json.labels[0].recordings).toHaveLength(24);
    expect(json.labels[0].recordings[0]).toMatchObject({ isPositive: true, mixedSnrDb: null });
  });

  it("evaluates several labels in one pass, each other's words among their negatives, from the cache the second time", async () => {
    const command = ["eval", "keyword", "--model", head, "--labels", "alexa", ...asset, "--json"];
    const words = ["--positives", `alexa=${join(folder, "words")}`, "--negatives", join(folder, "talk")];
    const noise = ["--noise", join(folder, "noise"), "--snr", "5", "--cache", join(folder, "cache")];
    const first = await runCaptured([...command, ...words, ...noise]);
    expect(first.exitCode).toBe(0);
    const again = await runCaptured([...command, ...words, ...noise]);
    const { labels } = JSON.parse(first.stdout);
    expect(JSON.parse(again.stdout).labels).toEqual(labels);
    expect(labels[0]).toMatchObject({ label: "alexa", positives: 12 });
    // 5 dB as mixed; the recordings' own noise takes a little.
    expect(labels[0].snrDb.positives.p95).toBeLessThanOrEqual(5);
    expect(labels[0].snrDb.positives.p50).toBeGreaterThan(3.5);
    const cached = ["--cache", join(folder, "cache")];
    const twice = await runCaptured([
      ...command,
      ...words,
      ...cached,
      "--exclude",
      "alexa=nothing",
      "--cross",
    ]);
    expect(twice.exitCode).toBe(0);
    const unknown = await runCaptured([
      ...command,
      ...words,
      "--positives",
      `computer=${join(folder, "talk")}`,
    ]);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('expected one of "alexa", got "computer"');
  });

  it("fails when a model is worse than its baseline allows, and adds a summary to a job's page", async () => {
    const baseline = join(folder, "baseline.json");
    const summary = join(folder, "page", "summary.md");
    const command = ["eval", "keyword", "--model", head, ...recordings(), "--cache", join(folder, "cache")];
    const written = await runCaptured([...command, "--write-baseline", baseline, "--summary", summary]);
    expect(written.exitCode).toBe(0);
    expect(await readFile(summary, "utf8")).toMatch(/^### .*\n\n\| label \| recordings .*\n\| --- \| ---: /);
    expect((await runCaptured([...command, "--check", baseline])).exitCode).toBe(0);
    const json = JSON.parse(await readFile(baseline, "utf8"));
    const better = join(folder, "better.json");
    json.labels[0].shippedMissed = { value: -1, interval: { low: -1, high: -1 } };
    await writeFile(better, JSON.stringify(json));
    const worse = await runCaptured([...command, "--check", better]);
    expect(worse.exitCode).toBe(1);
    expect(worse.stderr).toMatch(
      /error \[MODEL_REGRESSED\] .* missed at the card's threshold: was .* and is/,
    );
    json.labels[0].positives = 11;
    await writeFile(better, JSON.stringify(json));
    const other = await runCaptured([...command, "--check", better]);
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain("a baseline of other recordings");
  });

  it("finds no difference between a model and itself, and refuses a single model", async () => {
    const { exitCode, stdout } = await runCaptured([
      "eval",
      "compare",
      head,
      head,
      ...recordings(),
      "--cache",
      join(folder, "cache"),
      "--json",
    ]);
    expect(exitCode).toBe(0);
    const { pairs, models } = JSON.parse(stdout);
    expect(models).toHaveLength(2);
    expect(pairs).toEqual([
      expect.objectContaining({ onlyFirst: 0, onlySecond: 0, pValue: 1, heardOnlyByFirst: [] }),
    ]);
    expect(pairs[0].both + pairs[0].neither).toBe(12);
    const alone = await runCaptured(["eval", "compare", head, ...recordings()]);
    expect(alone.exitCode).not.toBe(0);
    expect(alone.stderr).toContain("two or more models");
  });

  it("runs the wake word benchmark with and without the speech that contains the word", async () => {
    const mix = ["--keywords", join(folder, "words"), "--speech", join(folder, "books")];
    const { exitCode, stdout, stderr } = await runCaptured(
      ["eval", "picovoice", "--model", head, "--word", "alexa", ...mix, ...asset].concat([
        "--noise",
        join(folder, "noise"),
        "--hours",
        "0.03",
        "--json",
      ]),
    );
    expect(stderr).toContain("stream: ");
    expect(exitCode).toBe(0);
    const { speech, asPublished, repaired } = JSON.parse(stdout);
    expect(speech).toEqual({ recordings: 2, transcripts: 2, withWord: 1 });
    expect(asPublished.words).toBe(12);
    // The public head hears people; what it hears in the background is the word, too.
    expect(repaired.events.misses).toBeLessThanOrEqual(4);
    expect(asPublished.events.misses).toBeGreaterThan(repaired.events.misses);
  });
});
