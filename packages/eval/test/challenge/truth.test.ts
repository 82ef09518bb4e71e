import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CallsignError } from "@callsign/audio/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { checkTruthFits, parseChallengeTruth, readChallengeTruth } from "../../src/challenge/truth.ts";

const name = "truth.json";
const clip = { sampleRateHz: 16_000, frameLength: 512, numSamples: 10_000 };
const command = (startSample: number, endSample: number) => ({ startSample, endSample });
const withCommands = (...commands: object[]) => ({ ...clip, commands });

/** Code and message of the refusal. */
function refusal(value: unknown): string {
  try {
    parseChallengeTruth(value, { name });
  } catch (error) {
    if (error instanceof CallsignError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "accepted";
}

describe("parseChallengeTruth", () => {
  it("reads text and values, and puts commands in order of time", () => {
    const truth = withCommands(command(5000, 9999), { ...command(0, 4999), text: "galactic battery" });
    for (const json of [truth, JSON.stringify(truth)]) {
      expect(parseChallengeTruth(json, { name }).commands).toEqual([truth.commands[1], truth.commands[0]]);
    }
  });

  it("refuses an interval that cannot be, naming file and index", () => {
    const fine = command(100, 200);
    expect(refusal(withCommands(fine, command(300, 10_000)))).toBe(
      "TRUTH_INVALID truth.json: commands[1]: ends at sample 10000, beyond the clip's last sample 9999 (numSamples is 10000)",
    );
    expect(refusal(withCommands(fine, command(400, 300)))).toBe(
      "TRUTH_INVALID truth.json: commands[1]: reversed: it starts at 400 and ends at 300",
    );
    expect(refusal(withCommands(command(300, 300), fine))).toBe(
      "TRUTH_INVALID truth.json: commands[0]: empty: it starts and ends at sample 300",
    );
    expect(refusal(withCommands(command(200, 300), fine))).toBe(
      "TRUTH_INVALID truth.json: commands[0]: samples 200-300 overlaps commands[1], samples 100-200 (both ends inclusive)",
    );
    expect(refusal(withCommands(fine, command(201, 300)))).toBe("accepted");
  });

  it.each([
    ["not JSON", "{", "truth.json: not JSON: "],
    ["empty", "", "truth.json: not JSON: "],
    ["a list", [], "truth.json: at the top: "],
    ["no commands", withCommands(), "truth.json: commands: expected at least one command"],
    ["a misspelt key", { ...withCommands(command(0, 1)), frameLenght: 512 }, 'did you mean "frameLength"?'],
    ["a fraction", withCommands(command(0.5, 9)), "truth.json: commands[0].startSample: "],
    ["a negative index", withCommands(command(-1, 9)), "truth.json: commands[0].startSample: "],
    ["an infinite index", withCommands(command(0, Infinity)), "truth.json: commands[0].endSample: "],
    ["a missing end", withCommands({ startSample: 3 }), "truth.json: commands[0].endSample: "],
    ["another rate", { ...withCommands(command(0, 9)), sampleRateHz: 8000 }, "truth.json: sampleRateHz: "],
    ["no clip", { ...withCommands(command(0, 9)), numSamples: 0 }, "truth.json: numSamples: "],
  ])("refuses %s", (_, value, message) => {
    expect(refusal(value)).toMatch(/^TRUTH_INVALID /);
    expect(refusal(value)).toContain(message);
  });
});

describe("checkTruthFits", () => {
  const truth = parseChallengeTruth(withCommands(command(0, 99), command(9000, 9500)), { name });

  it("names the command beyond a shorter clip", () => {
    expect(() => checkTruthFits(truth, { name, clipLength: 9500 })).toThrow(
      "truth.json: numSamples is 10000, but the clip has 9500 samples at 16 kHz; commands[1], samples 9000-9500, ends beyond it",
    );
  });

  it("refuses a clip of another length and takes its own", () => {
    expect(() => checkTruthFits(truth, { name, clipLength: 10_001 })).toThrow(
      "truth.json: numSamples is 10000, but the clip has 10001 samples at 16 kHz; check",
    );
    expect(() => checkTruthFits(truth, { name, clipLength: 10_000 })).not.toThrow();
  });
});

describe("readChallengeTruth", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-truth-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("names the file that is missing or wrong", async () => {
    const path = join(folder, "truth.json");
    await expect(readChallengeTruth(path)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining(path),
    });
    await writeFile(path, "no");
    await expect(readChallengeTruth(path)).rejects.toMatchObject({
      code: "TRUTH_INVALID",
      message: expect.stringContaining(path),
    });
  });

  it.skipIf(!hasSharedData)("reads the challenge's own", async () => {
    const truth = await readChallengeTruth(sharedPath("challenge", "ground-truth.json"));
    expect(truth.numSamples).toBe(964_096);
    expect(truth.commands.map(({ startSample }) => startSample)).toEqual([142_000, 340_000, 620_000]);
  });
});
