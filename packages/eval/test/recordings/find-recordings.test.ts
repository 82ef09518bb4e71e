import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRecordings } from "@callsign/eval/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe("findRecordings", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-find-"));
    for (const path of ["a/test", "b/test", "c"]) {
      await mkdir(join(folder, path), { recursive: true });
      await writeFile(join(folder, path, "1.wav"), "");
    }
  });
  afterAll(() => rm(folder, { recursive: true }));
  const at = (...paths: string[]): string[] => paths.map((path) => join(folder, path));

  it("gives recordings of two folders of one name different names and sources", async () => {
    const found = await findRecordings(at("a/test", "b/test", "c"));
    expect(found.map(({ name }) => name)).toEqual(["a/test/1.wav", "b/test/1.wav", "c/1.wav"]);
    expect(found.map(({ source }) => source)).toEqual(["a/test", "b/test", "c"]);
    expect((await findRecordings(at("a/test")))[0]!.name).toBe("test/1.wav");
  });

  it("refuses files that would count twice", async () => {
    await expect(findRecordings(at("c", "c"))).rejects.toThrow("would count twice");
    await expect(findRecordings(at("a/test", "a"))).rejects.toThrow("a/test/1.wav are the same file");
  });
});
