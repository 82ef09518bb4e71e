import { afterAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { createPool } from "../../src/workers/pool.ts";
import { createSpeechEngines } from "../../src/voices/create-engines.ts";
import { takeTurns } from "../../src/voices/take-turns.ts";
import { synthesizeClips, type SynthesisPlan } from "../../src/voices/synthesize-clips.ts";

describe("createPool", () => {
  const engines = [{ kind: "flite" }, { kind: "espeak", weight: 2, backend: "package" }] as const;
  const pool = createPool("synthesis", { setup: { engines }, workers: 2 });
  afterAll(() => pool.dispose());

  it("makes the same clips as this thread does, one by one or four at once", async () => {
    const plan: SynthesisPlan = {
      turn: takeTurns({ texts: ["stop", "hey computer"] }),
      count: 5,
      seed: "pool",
      engines: await createSpeechEngines(engines),
    };
    const clips = async (more: Partial<SynthesisPlan>) => {
      const made = [];
      for await (const { clip } of synthesizeClips({ ...plan, ...more })) made.push(clip);
      return made;
    };
    const here = await clips({});
    expect(await clips({ pool, concurrency: 4 })).toEqual(here);
    expect(await clips({ pool, count: 2 })).toEqual(here.slice(0, 2));
    const { voice } = here[0]!;
    const again = await clips({ pool, turn: takeTurns({ voices: [voice], texts: ["go on"] }), count: 1 });
    expect(again[0]!.voice).toEqual(voice);
  });

  it.skipIf(!hasSharedData)("has threads speak with pico's files from where the build has them", async () => {
    const setup = { engines: [{ kind: "pico" }] as const, assets: sharedPath("voices", "pico") };
    const threads = createPool("synthesis", { setup, workers: 1 });
    const { result } = await threads.run({ request: { seed: 1, index: 0, text: "stop" }, attempt: 0 });
    await threads.dispose();
    expect(result).toHaveProperty("audio");
  });

  it("keeps the code of what goes wrong in a worker", async () => {
    const broken = createPool("synthesis", {
      setup: { engines: [{ kind: "vits", model: "/nowhere/vits" }] },
      workers: 1,
    });
    const input = { request: { seed: 1, index: 0, text: "stop" }, attempt: 0 };
    await expect(broken.run(input)).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    await expect(broken.run(input, AbortSignal.abort())).rejects.toMatchObject({
      code: "ABORTED",
    });
    await broken.dispose();
  });
});

describe("createSpeechEngines", () => {
  it.each([
    [[], "engines"],
    [[{ kind: "flit" }], "engines"],
    [[{ kind: "flite", wieght: 2 }], 'did you mean "weight"?'],
    [[{ kind: "flite" }, { kind: "flite" }], "flite is listed twice"],
    [[{ kind: "vits", model: "a/b", noiseScale: [1, 0.5] }], "lower end of the range first"],
  ])("refuses %j", async (config, message) => {
    await expect(createSpeechEngines(config as never)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
    });
  });
});
