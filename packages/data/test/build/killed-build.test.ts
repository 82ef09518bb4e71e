import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { copyTexts, hashFolder, makeSources, runBuild, smallContext } from "./support/small-build.ts";
import { spawnBuild } from "./support/spawn-build.ts";

let folder = "";
let undisturbed: Record<string, string> = {};
let secondShard = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-killed-"));
  await makeSources(folder);
  const { events } = await runBuild(smallContext(folder, { out: join(folder, "undisturbed") }));
  secondShard = `features ${events.filter(({ stage }) => stage === "features")[1]!.done}`;
  undisturbed = await hashFolder(join(folder, "undisturbed"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a build that is killed", () => {
  it("continues, and gives the bytes of an undisturbed one", async () => {
    const out = join(folder, "killed");
    for (const killAt of ["synthesize 17", secondShard])
      expect(await spawnBuild(folder, { out, killAt })).toMatchObject({ killed: true, stderr: "" });
    const left = await hashFolder(out);
    expect(Object.keys(left).length).toBeLessThan(Object.keys(undisturbed).length);
    await runBuild(smallContext(folder, { out }));
    expect(await hashFolder(out)).toEqual(undisturbed);
  });
});

describe("a build without room on the disk", () => {
  it("says which file could not be written, and goes on when there is room", async () => {
    const out = join(folder, "full");
    await copyTexts(join(folder, "undisturbed"), out);
    const { code, stderr } = await spawnBuild(folder, { out, fileLimitKiB: 24 });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^FILE_WRITE_FAILED .*\.(wav|safetensors): cannot be written: /);
    await runBuild(smallContext(folder, { out }));
    expect(await hashFolder(out)).toEqual(undisturbed);
  });
});
