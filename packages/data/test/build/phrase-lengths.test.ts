import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { chooseEmbeddings, measurePhrases } from "../../src/build/phrase-lengths.ts";
import { parseDataConfig } from "../../src/config/config.ts";
import { onlyAugment } from "../../src/config/augment-config.ts";
import { makeSources, runBuild, smallContext } from "./support/small-build.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-lengths-"));
  await makeSources(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const LONG = "turn off all of the kitchen lights in the house";
const labels = [{ label: "go", phrases: ["go", LONG] }];
const data = {
  engines: [{ kind: "flite" as const }],
  positives: { clipsPerPhrase: 12 },
  negatives: { sentences: { clips: 0 }, nearMisses: { clips: 0 }, partial: { clips: 0 } },
};

describe("chooseEmbeddings", () => {
  const phrase = (seconds: number) => ({ phrase: "a phrase", lengths: [seconds * 16_000] });
  const choose = (seconds: number, augmentation = onlyAugment()) =>
    chooseEmbeddings(
      [phrase(0.5), phrase(seconds)],
      parseDataConfig({ labels, data: { augmentation } }, { name: "x" }),
    );

  it("makes the window long enough for the longest phrase and 0.2 s after it, as slowly as it is said", () => {
    // The first embedding ends with the tenth chunk of 80 ms: 16 of them see 25 chunks, 2 s.
    expect(choose(1.8)).toBe(16);
    expect(choose(1.81)).toBe(17);
    const slow = onlyAugment({ timeScale: { probability: 1, factor: [1.3, 1.3] } });
    expect(choose(1.8, slow)).toBe(Math.ceil((1.8 * 1.3 + 0.2) / 0.08) - 9);
    // Most copies of 5 s fit into the longest window; of 5.7 s none does.
    expect(choose(5, onlyAugment({ timeScale: { probability: 0.2, factor: [1.3, 1.3] } }))).toBe(64);
    expect(() => choose(5.7)).toThrow(
      '"a phrase": expected a phrase of at most 5.6 s (the longest window, 64 embeddings), got one that takes 5.7 s to say; use a shorter phrase',
    );
  });
});

describe("a phrase longer than the window", () => {
  it("is measured before a config is written", async () => {
    const context = smallContext(folder, { out: join(folder, "dry"), config: { labels, data } });
    const [short, long] = await measurePhrases(context);
    expect(short!.phrase).toBe("go");
    expect([short!.lengths.length, long!.lengths.length]).toEqual([8, 32]);
    expect(Math.max(...short!.lengths)).toBeLessThan(1.5 * 16_000);
    expect(Math.max(...long!.lengths)).toBeGreaterThan(2.5 * 16_000);
    expect(chooseEmbeddings([short!, long!], context.config)).toBeGreaterThan(20);
    expect(await readdir(folder)).not.toContain("dry");
  });

  it("stops a build before anything else is made, and says what to change", async () => {
    const config = { labels: [{ label: "go", phrases: [LONG] }], data };
    const out = join(folder, "long");
    await expect(runBuild(smallContext(folder, { out, config }))).rejects.toThrow(
      /labels: "go": expected most clips to be at most 1\.8 s \(a window of windowing\.embeddings 16 minus data\.afterSeconds\), got \d\d of 12 that are longer; set windowing\.embeddings to \d\d, or use a shorter phrase/,
    );
  });

  it("has its copies left out, counted and noted where augmentation makes it so", async () => {
    const notes: string[] = [];
    const windowing = { kind: "embedding-sequence", embeddings: 8 } as const;
    const augmentation = onlyAugment({ timeScale: { probability: 1, factor: [1.9, 1.9] } });
    const config = {
      labels: [{ label: "go", phrases: ["go home"] }],
      windowing,
      data: { ...data, augmentation, scenes: { count: 0 } },
    };
    const out = join(folder, "slow");
    const { index } = await runBuild(
      smallContext(folder, { out, config, onNote: (note) => notes.push(note) }),
    );
    const leftOut = index!.shards.reduce((sum, shard) => sum + (shard.leftOut.go ?? 0), 0);
    const windows = index!.shards.reduce((sum, shard) => sum + (shard.labelled.go ?? 0), 0);
    expect(leftOut).toBeGreaterThan(0);
    expect(windows + leftOut).toBe(12 * 4);
    expect(notes.join("\n")).toContain(`features: ${leftOut} of 48 copies of "go" are left out`);
  });
});
