import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { createRandom } from "../../src/random.ts";
import { createSpeechEngines } from "../../src/voices/create-engines.ts";
import { findEngines, NEURAL_VOICE } from "../../src/voices/find-engines.ts";
import { COMMIT, startModelHub } from "./support/model-hub.ts";
import { writeSmallVits } from "./engines/vits/small-vits.ts";

const offline: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));

describe("findEngines", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-find-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const kindsOf = (engines: readonly { kind: string }[]) => engines.map(({ kind }) => kind);

  it("goes on without what cannot be fetched, and says what, why and how to get it", async () => {
    const cacheDir = join(folder, "empty");
    const { engines, notes } = await findEngines({ env: {}, cacheDir, fetch: offline });
    expect(kindsOf(engines)).toEqual(["espeak", "flite", "gnuspeech"]);
    expect(notes).toEqual([
      expect.stringMatching(/^pico: left out: .*By hand: download https:.*en-US_ta\.bin/s),
      expect.stringMatching(
        /^neural voices: left out: csukuangfj\/\S+: cannot be had from the hub.*name the folder/s,
      ),
    ]);
  });

  it("fetches a neural voice by itself, and names the commit, so that a build needs no network", async () => {
    const hub = await startModelHub();
    const model = await writeSmallVits(join(folder, "source"));
    for (const name of ["vits-small.onnx", "tokens.txt", "lexicon.txt"])
      hub.files.set(name, await readFile(join(model, name)));
    const cacheDir = join(folder, "cache");
    const env = { HF_HUB_OFFLINE: "1" };
    const fromHub: typeof fetch = (input, init) =>
      String(input instanceof Request ? input.url : input).startsWith(hub.url)
        ? fetch(input, init)
        : offline(input);
    const found = await findEngines({ env: {}, cacheDir, hubUrl: hub.url, fetch: fromHub });
    hub.close();
    const vits = { kind: "vits", ...NEURAL_VOICE, revision: COMMIT } as const;
    expect(found.engines).toContainEqual(vits);
    expect((await findEngines({ env, cacheDir })).engines).toContainEqual(vits);
    expect(kindsOf((await findEngines({ voices: false, env, cacheDir })).engines)).not.toContain("vits");
    const [opened] = await createSpeechEngines([vits], { cacheDir, hub: { fetch: offline } });
    const { engine } = opened!;
    const drawn = Array.from({ length: 20 }, (_, seed) => engine.drawVoice(createRandom(seed)).voice);
    expect(new Set(drawn).size).toBe(3);
    expect(
      (await engine.synthesize("stop", engine.drawVoice(createRandom(1)))).samples.length,
    ).toBeGreaterThan(0);
  });

  it("takes the folders that are given, or that CALLSIGN_VOICES names, instead", async () => {
    const cacheDir = join(folder, "given");
    const given = { cacheDir, fetch: offline };
    const models = async (options: object, env = {}) =>
      (await findEngines({ ...given, env, ...options })).engines.flatMap((one) =>
        "model" in one ? [one.model] : [],
      );
    expect(await models({ voices: ["/voices/amy", "csukuangfj/vits-vctk"] })).toEqual([
      "/voices/amy",
      "csukuangfj/vits-vctk",
    ]);
    expect(await models({}, { CALLSIGN_VOICES: ["/voices/amy", "/voices/joe"].join(delimiter) })).toEqual([
      "/voices/amy",
      "/voices/joe",
    ]);
  });

  it.skipIf(!hasSharedData)("finds pico's files in CALLSIGN_ASSETS", async () => {
    const env = { CALLSIGN_ASSETS: sharedPath("voices", "pico") };
    const { engines } = await findEngines({ voices: false, env, cacheDir: folder, fetch: offline });
    expect(kindsOf(engines)).toContain("pico");
  });
});

describe("several VITS models", () => {
  it("speak together, each with voices of its own; the same name twice is refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "callsign-two-vits-"));
    try {
      const models = await Promise.all(["amy", "joe"].map((name) => writeSmallVits(join(folder, name))));
      const configs = models.map((model) => ({ kind: "vits" as const, model }));
      const engines = await createSpeechEngines(configs, { cacheDir: folder });
      const ids = engines.flatMap(({ engine }) => engine.voices().map(({ id }) => id));
      expect(new Set(ids).size).toBe(6);
      const again = await writeSmallVits(join(folder, "other", "amy"));
      await expect(
        createSpeechEngines([...configs, { kind: "vits", model: again }], { cacheDir: folder }),
      ).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringContaining("vits/amy is listed twice"),
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
