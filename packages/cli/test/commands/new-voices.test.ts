import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDetectorConfig, writeRecipe } from "@callsign/train/internal";
import { createSpeechEngines, type EngineChoice } from "@callsign/data/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSmallVits } from "../../../data/test/voices/engines/vits/small-vits.ts";
import { parseConfig } from "../../src/config/read-config.ts";
import { runCaptured } from "../support/run-captured.ts";

const engineConfigs = (text: string) =>
  parseDetectorConfig(parseConfig(text, { name: "config" }), { name: "config" }).data.engines;

const enginesOf = (engines?: readonly EngineChoice[]) =>
  engineConfigs(writeRecipe({ phrases: ["hey nimbus"], budget: "5m", seed: 1, ...(engines && { engines }) }));

describe("writeRecipe's engines", () => {
  const synthetic: EngineChoice[] = [
    { kind: "espeak" },
    { kind: "flite" },
    { kind: "pico" },
    { kind: "gnuspeech" },
  ];

  it.each([
    ["espeak and flite", undefined],
    ["all that are no recordings", synthetic],
    [
      "neural voices too",
      [...synthetic, { kind: "vits", model: "a/b" }, { kind: "vits", model: "/c" }] as EngineChoice[],
    ],
    [
      "seven neural voices",
      [
        ...synthetic,
        ...Array.from({ length: 7 }, (_, i) => ({ kind: "vits", model: `a/${i}` })),
      ] as EngineChoice[],
    ],
  ])("%s: weights are whole percent that sum to 100", (_, engines) => {
    const written = enginesOf(engines);
    expect(written.reduce((sum, { weight }) => sum + weight, 0)).toBe(100);
    expect(written.every(({ weight }) => Number.isInteger(weight))).toBe(true);
    expect(written).toHaveLength(engines?.length ?? 2);
  });

  it("gives neural voices most of the clips, in equal parts, and keeps what is known of them", () => {
    const written = enginesOf([
      ...synthetic,
      { kind: "vits", model: "a/b", revision: "0".repeat(40), licence: "CC-BY-4.0" },
      { kind: "vits", model: 'C:\\voices\\"amy"' },
    ]);
    const neural = written.filter(({ kind }) => kind === "vits");
    expect(neural.map(({ weight }) => weight)).toEqual([30, 30]);
    expect(neural[0]).toMatchObject({ model: "a/b", revision: "0".repeat(40), licence: "CC-BY-4.0" });
    expect(neural[1]).toMatchObject({ model: 'C:\\voices\\"amy"' });
  });
});

describe("new --voices", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-new-voices-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const makeNew = async (name: string, ...args: string[]) => {
    const out = join(folder, name);
    const env = { HF_HUB_OFFLINE: "1", XDG_CACHE_HOME: join(folder, "cache") };
    const command = ["new", "stop", "--out", out, "--budget", "5m", "--no-run", ...args];
    return { out, ...(await runCaptured(command, { env })) };
  };

  it("has the voices in the config speak, beside those of the machine", async () => {
    const model = await writeSmallVits(join(folder, "amy"));
    const { out, exitCode, stderr } = await makeNew("with", "--voices", model);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/note: pico: left out: .*HF_HUB_OFFLINE/);
    const engines = engineConfigs(await readFile(join(out, "config.yaml"), "utf8"));
    const vits = engines.find(({ kind }) => kind === "vits");
    expect(vits).toMatchObject({ model, weight: 60 });
    const [opened] = await createSpeechEngines([vits!], { cacheDir: folder });
    expect(opened!.engine.voices()).toHaveLength(3);
  });

  it("refuses a folder without a voice, and goes on without any where none is wanted", async () => {
    const wrong = await makeNew("wrong", "--voices", join(folder, "nowhere"));
    expect(wrong.exitCode).not.toBe(0);
    expect(wrong.stderr).toContain("expected a model folder");
    const without = await makeNew("without", "--no-voices");
    expect(without.exitCode).toBe(0);
    expect(without.stderr).not.toContain("neural voices");
    expect(await readFile(join(without.out, "config.yaml"), "utf8")).not.toContain("vits");
  });
});
