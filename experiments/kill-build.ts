/**
 * `npx tsx --conditions=@callsign/source experiments/kill-build.ts [KILLS]`: builds a small data set, once undisturbed and
 * once ended by `kill -9` at random moments until it is through, and compares every file of the two.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRandom } from "@callsign/data/internal";
import { hashFolder, makeSources } from "../packages/data/test/build/support/small-build.ts";
import { spawnBuild } from "../packages/data/test/build/support/spawn-build.ts";

const wanted = Number(process.argv[2] ?? 30);
const folder = await mkdtemp(join(tmpdir(), "callsign-kill-"));
const random = createRandom("kill-build");
let failed = false;
try {
  await makeSources(folder);
  const undisturbed = join(folder, "undisturbed");
  const { buildMs: wholeMs } = await spawnBuild(folder, { out: undisturbed, workers: 2 });
  const expected = await hashFolder(undisturbed);
  console.log(`undisturbed: ${Object.keys(expected).length} files in ${(wholeMs / 1000).toFixed(1)} s`);
  let kills = 0;
  for (let round = 1; kills < wanted; round++) {
    const out = join(folder, `round-${round}`);
    for (;;) {
      const killAfterMs = random.uniform(0.02, 0.8) * wholeMs;
      const { killed, code, stderr } = await spawnBuild(folder, {
        out,
        workers: 1 + (kills % 2),
        killAfterMs,
      });
      if (!killed) {
        if (code !== 0) throw new Error(`the build failed: ${stderr}`);
        break;
      }
      kills++;
      const files = Object.keys(await hashFolder(out).catch(() => ({})));
      console.log(
        `kill ${kills} (build ${round}) after ${(killAfterMs / 1000).toFixed(2)} s: ${files.length} files so far`,
      );
    }
    const got = await hashFolder(out);
    const paths = new Set([...Object.keys(expected), ...Object.keys(got)]);
    const different = [...paths].filter((path) => expected[path] !== got[path]);
    console.log(`build ${round} is through: ${different.length} of ${paths.size} files differ`);
    failed ||= different.length > 0;
    await rm(out, { recursive: true });
  }
  console.log(
    failed
      ? "FAILED: see above"
      : `${kills} kills, every finished build byte-identical to the undisturbed one`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
