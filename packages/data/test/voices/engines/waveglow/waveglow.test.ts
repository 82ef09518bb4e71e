import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodeSession } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWaveglowEngine } from "../../../../src/voices/engines/waveglow/waveglow.ts";
import { writeSmallWaveglow } from "./small-waveglow.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-waveglow-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const engine = (model: string) => createWaveglowEngine({ model, createSession: createNodeSession() });
const voice = (name: string, more = {}) => ({
  engine: "waveglow",
  voice: `waveglow/${name}`,
  sigma: 0.6,
  seed: 1,
  ...more,
});

describe("createWaveglowEngine", () => {
  it("makes 256 samples of each decoder step before the gate's", async () => {
    const model = await writeSmallWaveglow(join(folder, "steps"), { stepsPerSymbol: 3 });
    const waveglow = await engine(model);
    const { samples, sampleRateHz } = await waveglow.synthesize("stop", voice("steps"));
    expect(sampleRateHz).toBe(22_050);
    // The gate's logit after k steps is k - 12.1: sigmoid above 0.6 (0.405) first at k = 13, which is not spoken.
    expect(samples.length).toBe(12 * 256);
    await waveglow.dispose();
  });

  it("takes sigma as the loudness of z", async () => {
    const waveglow = await engine(await writeSmallWaveglow(join(folder, "sigma")));
    const say = async (sigma: number) =>
      (await waveglow.synthesize("stop", voice("sigma", { sigma }))).samples;
    const [none, half, full] = [await say(0), await say(0.5), await say(1)];
    const noise = (samples: Float32Array) =>
      Math.sqrt(samples.reduce((sum, sample, i) => sum + (sample - none[i]!) ** 2, 0) / samples.length);
    // The small graph adds 0.02 z.
    expect(noise(full)).toBeCloseTo(0.02, 2);
    expect(noise(full) / noise(half)).toBeCloseTo(2, 3);
    await waveglow.dispose();
  });

  it("reads differently with another seed, in the decoder too", async () => {
    const waveglow = await engine(await writeSmallWaveglow(join(folder, "seed")));
    const say = async (seed: number) =>
      (await waveglow.synthesize("stop", voice("seed", { sigma: 0, seed }))).samples;
    expect(await say(1)).toEqual(await say(1));
    expect(await say(1)).not.toEqual(await say(2));
    await waveglow.dispose();
  });

  it("gives up on a text whose gate never closes, and on one without a symbol", async () => {
    const waveglow = await engine(await writeSmallWaveglow(join(folder, "endless"), { stops: false }));
    await expect(waveglow.synthesize("stop", voice("endless"))).rejects.toMatchObject({
      code: "SYNTHESIS_FAILED",
      message: expect.stringContaining("the decoder had not stopped after 1000 frames"),
    });
    await expect(waveglow.synthesize("停止", voice("endless"))).rejects.toMatchObject({
      code: "SYNTHESIS_FAILED",
      message: expect.stringContaining("no character of it is among Tacotron's symbols"),
    });
    await waveglow.dispose();
  });

  it("stops in the midst of a text", async () => {
    const waveglow = await engine(await writeSmallWaveglow(join(folder, "stopped"), { stops: false }));
    const stop = new AbortController();
    const spoken = waveglow.synthesize("stop", voice("stopped"), { signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(spoken).rejects.toMatchObject({ code: "ABORTED" });
    await waveglow.dispose();
  });

  it("names the graph that is missing, broken or of another kind", async () => {
    const model = await writeSmallWaveglow(join(folder, "faulty"));
    await rm(join(model, "postnet.onnx"));
    await expect(engine(model)).rejects.toMatchObject({
      code: "MODEL_NOT_FOUND",
      message: expect.stringMatching(
        /faulty\/postnet\.onnx: missing; expected encoder\.onnx, decoder_iter\.onnx/,
      ),
    });
    await writeFile(join(model, "postnet.onnx"), "not a graph");
    await expect(engine(model)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringContaining("postnet.onnx"),
    });
    const other = await writeSmallWaveglow(join(folder, "other"));
    const { readFile } = await import("node:fs/promises");
    await writeFile(join(other, "postnet.onnx"), await readFile(join(other, "encoder.onnx")));
    await expect(engine(other)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringContaining("missing mel_outputs mel_outputs_postnet"),
    });
    await writeFile(join(other, "decoder_iter.onnx"), "not a graph");
    await expect(engine(other)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringContaining("decoder_iter.onnx"),
    });
  });
});
