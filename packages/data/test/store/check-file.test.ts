import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sha256Hex } from "@callsign/infer/node/internal";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { checkFile } from "../../src/store/check-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-check-"));
  await write("record", "", { date: 200 });
});
afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, text: string, { date }: { date: number }): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await utimes(path, date, date);
  return path;
}

describe("checkFile", () => {
  const recorded = { bytes: 5, sha256: sha256Hex("voice") };
  const check = (path: string, isVerified = false) =>
    checkFile(path, { ...recorded, record: join(folder, "record"), isVerified });

  it.each([
    ["as it was written", "voice", 100, "unchanged"],
    ["copied, with a new date", "voice", 300, "unchanged"],
    ["changed after its record", "noise", 300, "changed"],
    ["of another size, whatever its date", "voices", 100, "changed"],
  ])("knows a file that is %s", async (_what, text, date, expected) => {
    expect(await check(await write("clip", text, { date }))).toBe(expected);
  });

  it("reads a file with an old date only if asked to, and finds what the disk has spoilt", async () => {
    const path = await write("clip", "noise", { date: 100 });
    expect(await check(path)).toBe("unchanged");
    expect(await check(path, true)).toBe("changed");
    expect(await check(await write("clip", "voice", { date: 100 }), true)).toBe("unchanged");
  });

  it("misses a file", async () => {
    expect(await check(join(folder, "none"))).toBe("missing");
  });
});
