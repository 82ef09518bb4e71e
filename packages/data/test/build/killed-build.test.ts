import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRandom } from "@callsign/data/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { hashFolder, makeSources, runBuild, smallContext } from "./support/small-build.ts";
import { spawnBuild } from "./support/spawn-build.ts";

let folder = "";
let undisturbed: Record<string, string> = {};
let wholeMs = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-killed-"));
  await makeSources(folder);
  wholeMs = (await spawnBuild(folder, { out: join(folder, "undisturbed") })).buildMs;
  undisturbed = await hashFolder(join(folder, "undisturbed"));
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a build that is killed", () => {
  it("continues, and gives the bytes of an undisturbed one", { timeout: 120_000 }, async () => {
    const out = join(folder, "killed");
    const random = createRandom("kills");
    let kills = 0;
    for (let i = 0; i < 4; i++) {
      const { killed } = await spawnBuild(folder, { out, killAfterMs: random.uniform(0.05, 0.7) * wholeMs });
      if (killed) kills++;
    }
    expect(kills).toBeGreaterThan(0);
    await runBuild(smallContext(folder, { out }));
    expect(await hashFolder(out)).toEqual(undisturbed);
  });
});

describe("a build without room on the disk", () => {
  it(
    "says which file could not be written, and goes on when there is room",
    { timeout: 60_000 },
    async () => {
      const out = join(folder, "full");
      const { code, stderr } = await spawnBuild(folder, { out, fileLimitKiB: 24 });
      expect(code).toBe(1);
      expect(stderr).toMatch(/^FILE_WRITE_FAILED .*\.(wav|safetensors): cannot be written: /);
      await runBuild(smallContext(folder, { out }));
      expect(await hashFolder(out)).toEqual(undisturbed);
    },
  );
});
