import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type DataConfigInput, readManifest } from "@callsign/data/internal";
import { afterAll, beforeAll, expect, it } from "vitest";

import { measurePhrases } from "../../src/build/phrase-lengths.ts";
import { makeSources, runBuild, smallConfig, smallContext } from "./support/small-build.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-pronunciations-"));
  await makeSources(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SHORT = { ipa: "zˈiːf", weight: 1 };
const LONG = { ipa: "zˌɛfənəlɑːmənˈoʊʃəneɪʃən", weight: 1 };

/** Two dozen clips of "zephyra", and texts of the user's own with and without it. */
function config(...sounds: { ipa: string; weight: number }[]): Partial<DataConfigInput> {
  return {
    labels: [{ label: "go", phrases: ["zephyra"] }],
    pronunciations: { zephyra: sounds },
    data: {
      ...smallConfig.data,
      positives: { clipsPerPhrase: 24, copies: 1 },
      negatives: {
        sentences: { clips: 0 },
        nearMisses: { clips: 0 },
        partial: { clips: 0 },
        own: ["turn it off"],
        clipsPerOwn: 2,
      },
      corpora: [],
      scenes: { count: 0 },
    },
  };
}

it("are spoken in both splits, the manifest has each, and another pronunciation is spoken anew", async () => {
  const out = join(folder, "out");
  const build = async (...sounds: { ipa: string; weight: number }[]) => {
    await runBuild(smallContext(folder, { out, config: config(...sounds) }));
    const said = new Set<string>();
    const hashes: string[] = [];
    for await (const { path, split, provenance, sha256 } of readManifest(join(out, "manifest.jsonl"))) {
      if (path.includes("/positive-go/")) said.add(`${split} ${provenance.said}`);
      if (path.includes("/positive-go/")) hashes.push(sha256);
      if (path.includes("/user/")) expect(provenance).not.toHaveProperty("said");
    }
    return { said: [...said].toSorted(), hashes };
  };
  const both = await build(SHORT, LONG);
  expect(both.said).toHaveLength(4);
  expect(both.said.every((one) => /^(?:train|validation) \/[^ ]*z[^ ]+\/$/.test(one))).toBe(true);
  const short = await build(SHORT);
  expect(short.said).toHaveLength(2);
  expect(short.hashes).not.toEqual(both.hashes);
});

it("count in the length of a phrase", async () => {
  const longest = async (...sounds: { ipa: string; weight: number }[]): Promise<number> => {
    const [measured] = await measurePhrases(smallContext(folder, { out: "none", config: config(...sounds) }));
    return Math.max(...measured!.lengths);
  };
  expect(await longest(SHORT, LONG)).toBeGreaterThan(1.5 * (await longest(SHORT)));
});
