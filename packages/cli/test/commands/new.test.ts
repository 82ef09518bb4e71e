import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseDetectorConfig, RECIPE_BUDGETS, writeRecipe } from "@callsign/train/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { makeSources } from "../../../data/test/build/support/small-build.ts";
import { parseConfig } from "../../src/config/read-config.ts";
import { runCaptured } from "../support/run-captured.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-cli-new-"));
  await makeSources(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("writeRecipe", () => {
  it.each(RECIPE_BUDGETS)(
    "of %s is a config of as many windows as documented, at a rate per hour of talk",
    (budget) => {
      const text = writeRecipe({ phrases: ["hey nimbus"], budget, seed: 1 });
      const { train } = parseDetectorConfig(parseConfig(text, { name: budget }), { name: budget });
      const windows = train.epochs * train.stepsPerEpoch * (train.batch.positives + train.batch.negatives);
      const millions = { "5m": 0.5, "30m": 1.6, overnight: 10.2 }[budget];
      expect(windows / 1e6).toBeCloseTo(millions, 1);
      expect(train.selection).toMatchObject({ falseAcceptsPerHour: 0.5, refractorySeconds: "auto" });
    },
  );
});

describe("new --no-run", () => {
  it("writes a config that can be parsed, prints the plan and its time, and warns about the phrases", async () => {
    const out = join(folder, "nimbus");
    const args = ["new", "Hey Nimbus", "lights out", "--out", out, "--budget", "5m", "--no-run"];
    const { exitCode, stderr, stdout } = await runCaptured(args);
    expect(exitCode).toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/warning: "lights out" is short: 2 syllables/);
    expect(stderr).toMatch(/positive-hey-nimbus +1 +400 /);
    expect(stderr).toMatch(/time: about [\d:]+ on this machine/);
    expect(stderr).toContain("real speech: none");
    const text = await readFile(join(out, "config.yaml"), "utf8");
    const config = parseDetectorConfig(parseConfig(text, { name: "config" }), { name: "config" });
    expect(config.name).toBe("hey-nimbus-lights-out");
    expect(config.labels).toEqual([
      { label: "hey nimbus", phrases: ["Hey Nimbus"] },
      { label: "lights out", phrases: ["lights out"] },
    ]);
    expect(config.windowing).toMatchObject({ kind: "embedding-sequence", embeddings: 16 });
  });

  it("leaves a config alone that a person edited", async () => {
    const out = join(folder, "edited");
    const config = join(out, "config.yaml");
    // Missing recordings are noticed before the phrases are measured.
    const args = ["new", "Hey Nimbus", "--out", out, "--speech", join(folder, "nowhere"), "--no-run"];
    expect((await runCaptured(args)).stderr).toContain("no such file or folder");
    const text = await readFile(config, "utf8");
    expect((await runCaptured(args)).stderr).toContain("no such file or folder");
    await writeFile(config, `${text}# mine\n`);
    const again = await runCaptured(args);
    expect(again.exitCode).not.toBe(0);
    expect(again.stderr).toContain(
      "exists with other content and is not overwritten; run it with callsign run --config",
    );
    expect(await readFile(config, "utf8")).toBe(`${text}# mine\n`);
  });

  it("changes nothing if repeated; adds recordings and prints their length; a larger budget makes more", async () => {
    const plans = [];
    for (const [phrase, name, ...flags] of [
      ["lights out", "nimbus", "--budget", "5m"],
      ["$5", "large", "--budget", "30m", "--speech", join(folder, "talk"), "--noise", folder],
    ] as const) {
      const out = join(folder, name);
      const run = await runCaptured([
        "new",
        "Hey Nimbus",
        phrase,
        "--out",
        out,
        ...flags,
        "--no-run",
        "--json",
      ]);
      expect(run.exitCode).toBe(0);
      plans.push({ ...JSON.parse(run.stdout), stderr: run.stderr });
    }
    const [small, large] = plans;
    // The time of training is measured, which depends on what else the machine does.
    for (const { seconds } of plans) expect(seconds.train).toBeGreaterThan(0);
    for (const stage of ["synthesize", "features"])
      expect(large.seconds[stage]).toBeGreaterThan(2 * small.seconds[stage]);
    expect(large.stderr).toMatch(/real speech: about/);
    expect(large.stderr).toContain('note: "$5" is spoken as "five dollars"');
    const ids = large.plan.sets.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(expect.arrayContaining(["positive-five-dollars", "corpus-speech-1"]));
  });

  it("refuses a repeated phrase and a phrase without letters", async () => {
    const twice = await runCaptured(["new", "alexa", "Alexa", "--out", join(folder, "twice"), "--no-run"]);
    expect(twice.stderr).toContain('"Alexa" is given twice');
    const signs = await runCaptured(["new", "?!", "--out", join(folder, "signs"), "--no-run"]);
    expect(signs.exitCode).not.toBe(0);
    const budget = await runCaptured(["new", "alexa", "--budget", "1h"]);
    expect(budget.exitCode).toBe(2);
  });

  it("lists all problems at once, and writes no config that cannot run", async () => {
    await mkdir(join(folder, "m4a"), { recursive: true });
    await writeFile(join(folder, "m4a", "a.m4a"), "no audio");
    const out = join(folder, "missing");
    const speech = ["--speech", join(folder, "nowhere"), join(folder, "m4a")];
    const { exitCode, stderr } = await runCaptured(["new", "$5 🚀", "you & me", "--out", out, ...speech]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("3 problems, found before anything was made");
    expect(stderr).toMatch(/1\. labels: "\$5 🚀" cannot be spoken: .*got "🚀"/);
    expect(stderr).toMatch(/2\. \S+nowhere: no such file or folder, given with --speech/);
    expect(stderr).toMatch(/3\. data: corpus-speech-2 .*none can be read/);
    await expect(readFile(join(out, "config.yaml"))).rejects.toThrow("ENOENT");
  });

  it("shows how words that the dictionary lacks are said, writes samples, and keeps what the user names", async () => {
    const out = join(folder, "zephyra");
    const samples = join(folder, "samples");
    const args = ["new", "zephyra quilla", "--budget", "5m", "--no-run", "--out", out, "--samples", samples];
    const own = ["--sounds-like", "quilla=KWEE yuh", "quilla=/ˈkwɪlə/"];
    const { stderr, exitCode } = await runCaptured([...args, ...own]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/pronunciations of zephyra\n +\d+ % {2}ˈzɛf\S+ +ZEF-er-uh\n/);
    expect(stderr).toMatch(/pronunciations of quilla\n +50 % .*\n +50 % {2}ˈkwɪlə/);
    const text = await readFile(join(out, "config.yaml"), "utf8");
    const { pronunciations } = parseDetectorConfig(parseConfig(text, { name: "c" }), { name: "c" });
    for (const word of ["zephyra", "quilla"])
      expect(pronunciations[word]!.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1);
    expect(text).toContain('ipa: "ˈkwɪlə", weight: 0.5');
    const words = (await readdir(samples)).map((name) => name.split("-")[0]);
    expect(words.filter((word) => word === "zephyra")).toHaveLength(pronunciations["zephyra"]!.length);
    expect(words.filter((word) => word === "quilla")).toHaveLength(2);
  });

  it("refuses an invalid pronunciation, and one of another word", async () => {
    const args = ["new", "zephyra", "--no-run", "--out", join(folder, "none"), "--sounds-like"];
    for (const [value, message] of [
      [
        "zephyr=zef er",
        /expected WORD=SOUND.*\(zephyra\), got "zephyr=zef er"; "zephyr" is not a word of the phrases/,
      ],
      ["zephyra=/9/", /expected IPA/],
      ["zephyra=zef 9", /expected syllables in English letters/],
    ] as const)
      expect((await runCaptured([...args, value])).stderr).toMatch(message);
  });
});
