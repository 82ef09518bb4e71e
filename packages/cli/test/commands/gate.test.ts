import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromInt16, readWav, writeWav } from "@callsign/audio/internal";
import { formatModelCard } from "@callsign/infer/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toneDetector, tones } from "../../../infer/test/support/tone-detector.ts";
import { runCaptured } from "../support/run-captured.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-gate-test-"));
  const { card, classifier } = await toneDetector();
  await writeFile(join(folder, "model.json"), formatModelCard(card, { name: "model.json" }));
  await writeFile(join(folder, card.classifier.file), classifier);
  await writeFile(join(folder, "tones.wav"), writeWav({ samples: fromInt16(tones()), sampleRateHz: 16_000 }));
});
afterAll(() => rm(folder, { recursive: true }));

const gate = (...flags: string[]) =>
  runCaptured([
    "gate",
    join(folder, "tones.wav"),
    "--out",
    join(folder, "out.wav"),
    "--model",
    folder,
    ...flags,
  ]);

describe("callsign gate", () => {
  it("writes the recording with its commands muted, and prints where", async () => {
    const { exitCode, stdout, stderr } = await gate("--json");
    expect(exitCode, stderr).toBe(0);
    const { spans, mutedSeconds, seconds } = JSON.parse(stdout) as {
      spans: { startMs: number; endMs: number; label: string }[];
      mutedSeconds: number;
      seconds: number;
    };
    expect(seconds).toBe(6);
    expect(spans.map(({ label }) => label)).toEqual(["tone", "tone"]);
    expect(mutedSeconds).toBeGreaterThan(0.5);
    const read = async (name: string): Promise<Float32Array> =>
      readWav(await readFile(join(folder, name)), { name }).samples;
    const [samples, original] = [await read("out.wav"), await read("tones.wav")];
    expect(samples.length).toBe(original.length);
    const [{ startMs, endMs }] = spans as [(typeof spans)[0]];
    const fade = 80;
    expect(samples.slice(startMs * 16 + fade, endMs * 16).every((sample) => sample === 0)).toBe(true);
    expect(samples.slice(0, startMs * 16)).toEqual(original.slice(0, startMs * 16));
  });

  it("starts mutes earlier by the look-ahead", async () => {
    const spansOf = async (...flags: string[]): Promise<{ startMs: number; endMs: number }[]> =>
      (JSON.parse((await gate("--json", ...flags)).stdout) as { spans: { startMs: number; endMs: number }[] })
        .spans;
    const [plain, ahead] = [await spansOf(), await spansOf("--look-ahead", "100")];
    expect(ahead.map(({ startMs }) => startMs)).toEqual(plain.map(({ startMs }) => startMs - 100));
    expect(ahead.map(({ endMs }) => endMs)).toEqual(plain.map(({ endMs }) => endMs));
  });

  it.each([
    [["--look-ahead", "-1"], "Expected a delay of 0 to 10000 ms"],
    [["--look-ahead", "soon"], "Expected a delay of 0 to 10000 ms"],
    [["--costs", "18"], 'Expected two costs above 0, such as 18:1, got "18"'],
  ])("refuses %j", async (flags, message) => {
    const { exitCode, stderr } = await gate(...flags);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});
