import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createNodeSession } from "@callsign/infer/node/internal";
import type { Tensor } from "@callsign/infer/internal";
import { decodeOnnx } from "@callsign/onnx/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../src/random.ts";
import { createVitsEngine } from "../../../../src/voices/engines/vits/vits.ts";
import { findVitsFiles } from "../../../../src/voices/engines/vits/files.ts";
import { packDraw, seedVitsGraph } from "../../../../src/voices/engines/vits/graph.ts";
import { smallPiper, smallVits, VITS_METADATA, writePublishedPiper, writeSmallVits } from "./small-vits.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-vits-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ints = (...values: number[]): Tensor => ({
  data: BigInt64Array.from(values, BigInt),
  dims: [values.length],
});
const floats = (...values: number[]): Tensor => ({ data: Float32Array.from(values), dims: [values.length] });
const tokens: Tensor = { ...ints(1, 2, 3, 4), dims: [1, 4] };
/** Of a tone of 0.2 and hiss: what is left beside the best fitting tone would be work; the mean square is enough. */
const power = (samples: Float32Array): number =>
  samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;

describe("seedVitsGraph", () => {
  const draw = { speaker: 2, noiseScale: 0, noiseScaleW: 0, seed: 5 };

  it.each([
    ["vits", smallVits(), smallVits()],
    ["piper", smallPiper(), smallPiper()],
  ])("leaves speaker and length of a %s graph as they were when there is no noise", async (kind, bytes) => {
    const seeded = seedVitsGraph(bytes, { name: "model.onnx" });
    const create = createNodeSession();
    const before = await create(bytes, { name: "before" });
    const after = await create(seeded.bytes, { name: "after" });
    const feeds = (sid: number): Record<string, Tensor> =>
      kind === "vits"
        ? {
            x: tokens,
            x_length: ints(4),
            noise_scale: floats(0),
            length_scale: floats(1.3),
            noise_scale_w: floats(0),
            sid: ints(sid),
          }
        : { input: tokens, input_lengths: ints(4), scales: floats(0, 1.3, 0), sid: ints(sid) };
    const output = kind === "vits" ? "y" : "output";
    for (const speaker of [0, 1, 2]) {
      const expected = (await before.run(feeds(speaker)))[output]!;
      const got = (await after.run(feeds(packDraw({ ...draw, speaker }, seeded))))[output]!;
      expect(got.dims).toEqual(expected.dims);
      expect(got.data).toBeAllClose(expected.data as Float32Array, { rtol: 0, atol: 1e-6 });
    }
  });

  it.each([
    ["vits", true],
    ["vits", false],
    ["piper", true],
    ["piper", false],
  ])("sets the noise of %s, speakers %s, from the packed number, whatever is fed", async (kind, speakers) => {
    const metadata = { ...VITS_METADATA, n_speakers: speakers ? "3" : "0" };
    const bytes = kind === "vits" ? smallVits({ speakers, metadata }) : smallPiper({ speakers });
    const seeded = seedVitsGraph(bytes, { name: "model.onnx" });
    expect(seeded.speakers).toBe(speakers ? 3 : 1);
    const session = await createNodeSession()(seeded.bytes, { name: "after" });
    expect(session.inputs.at(-1)!.name).toBe("sid");
    const run = async (packed: Partial<typeof draw>): Promise<Float32Array> => {
      const sid = ints(packDraw({ ...draw, speaker: 0, ...packed }, seeded));
      const fed: Record<string, Tensor> =
        kind === "vits"
          ? {
              x: tokens,
              x_length: ints(4),
              noise_scale: floats(9),
              length_scale: floats(1),
              noise_scale_w: floats(9),
              sid,
            }
          : { input: tokens, input_lengths: ints(4), scales: floats(9, 1, 9), sid };
      return Object.values(await session.run(fed))[0]!.data as Float32Array;
    };
    const quiet = await run({});
    const tone = power(quiet);
    expect(tone).toBeCloseTo(0.02, 3);
    // The hiss is 0.02 * noiseScale: its share of the power follows the square of the scale.
    const hiss = async (noiseScale: number): Promise<number> =>
      power((await run({ noiseScale })).map((sample, i) => sample - quiet[i]!));
    expect(await hiss(1)).toBeCloseTo(0.0004, 5);
    expect((await hiss(1.5)) / (await hiss(0.5))).toBeCloseTo(9, 3);
    expect(power(await run({ noiseScaleW: 1 }))).not.toBeCloseTo(tone, 4);
    expect(await run({ noiseScale: 0.5, seed: 6 })).toEqual(await run({ noiseScale: 0.5, seed: 6 }));
    expect(await run({ noiseScale: 0.5, seed: 6 })).not.toEqual(await run({ noiseScale: 0.5, seed: 7 }));
  });

  it("packs every draw of a 904-speaker model into an int32", () => {
    const seeded = seedVitsGraph(smallVits({ metadata: { ...VITS_METADATA, n_speakers: "904" } }), {
      name: "model.onnx",
    });
    const most = packDraw(
      { speaker: 903, noiseScale: 1.55, noiseScaleW: 1.55, seed: seeded.seeds - 1 },
      seeded,
    );
    expect(most).toBeLessThan(2 ** 31 - 1);
    expect(seeded.seeds).toBeGreaterThan(2000);
    const declared = decodeOnnx(seeded.bytes).metadataProps.find(({ key }) => key === "n_speakers");
    expect(declared?.value).toBe("2147483647");
  });

  it.each([
    [{}, "got no sample_rate, no n_speakers, no language, no comment"],
    [{ ...VITS_METADATA, n_speakers: "many" }, "got n_speakers many"],
    [{ ...VITS_METADATA, n_speakers: "999999999" }, "got n_speakers 999999999"],
    [
      { ...VITS_METADATA, comment: "piper" },
      "expected the inputs input, input_lengths, scales and perhaps sid, got x, x_length, noise",
    ],
  ])(
    "refuses the metadata %j, over which sherpa-onnx would end the process",
    (metadata: Record<string, string>, message) => {
      expect(() => seedVitsGraph(smallVits({ metadata }), { name: "model.onnx" })).toThrow(
        expect.objectContaining({ code: "MODEL_INVALID", message: expect.stringContaining(message) }),
      );
    },
  );
});

describe("findVitsFiles", () => {
  it("names what is missing", async () => {
    const missing = (path: string) =>
      findVitsFiles(path).then(
        () => "",
        (error: Error) => error.message,
      );
    expect(await missing(join(folder, "nowhere"))).toContain(
      "expected a folder with a VITS model; Error: ENOENT",
    );
    const empty = join(folder, "empty");
    await mkdir(empty);
    expect(await missing(empty)).toContain(
      "missing a .onnx file, tokens.txt, lexicon.txt or espeak-ng-data/;",
    );
    await mkdir(join(empty, "espeak-ng-data"));
    await writeFile(join(empty, "espeak-ng-data", "phontab"), "");
    await writeFile(join(empty, "voice.onnx"), "");
    const message = await missing(empty);
    expect(message).toMatch(/missing tokens.txt, \S+phonindex, \S+phondata, \S+intonations;/);
    expect(message).not.toContain("phontab");
  });

  it("prefers the full model to its quantized copy", async () => {
    const path = await writeSmallVits(join(folder, "both"));
    await writeFile(join(path, "vits-small.int8.onnx"), "");
    expect((await findVitsFiles(path)).model).toBe(join(path, "vits-small.onnx"));
  });
});

describe("createVitsEngine", () => {
  const engine = async (model: string, options = {}) =>
    createVitsEngine({ model, cacheDir: folder, ...options });

  it("says how to install the runtime, and what is no model", async () => {
    const path = await writeSmallVits(join(folder, "model"));
    const loadPackage = (): never => {
      throw new Error("Cannot find module 'sherpa-onnx-node'");
    };
    await expect(engine(path, { loadPackage })).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      message: expect.stringContaining("npm install sherpa-onnx-node@1.13.8"),
    });
    await expect(engine("no such thing")).rejects.toMatchObject({
      code: "MODEL_NOT_FOUND",
      message: 'vits: expected a model folder or a hub id such as csukuangfj/vits-vctk, got "no such thing"',
    });
    await expect(engine("../up/vits")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    const broken = await writeSmallVits(join(folder, "broken"), new Uint8Array([1, 2, 3]));
    await expect(engine(broken)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringContaining("vits-small.onnx"),
    });
  });

  it("speaks a text as long as its tokens and the length scale make it", async () => {
    const vits = await engine(await writeSmallVits(join(folder, "length")));
    const voice = { ...vits.drawVoice(createRandom(1)), noiseScale: 0, noiseScaleW: 0, lengthScale: 1 };
    const { samples, sampleRateHz } = await vits.synthesize("stop", voice);
    expect(sampleRateHz).toBe(22_050);
    // Four letters, a blank before, between and after them: 9 tokens of 1,200 samples. sherpa may add a full stop.
    expect(samples.length % 1200).toBe(0);
    expect(samples.length).toBeGreaterThanOrEqual(9 * 1200);
    const slow = await vits.synthesize("stop", { ...voice, lengthScale: 1.25 });
    expect(slow.samples.length).toBe(samples.length * 1.25);
    const peak = Math.max(...samples.map(Math.abs));
    expect(peak).toBeCloseTo(0.2, 2);
  });

  it("refuses words that the lexicon lacks, which would be left out in silence", async () => {
    const vits = await engine(await writeSmallVits(join(folder, "words")));
    const voice = vits.drawVoice(createRandom(1));
    await expect(vits.synthesize("stop the 5 Xylophones, don't", voice)).rejects.toMatchObject({
      code: "SYNTHESIS_FAILED",
      message: expect.stringContaining("no pronunciation of 5, xylophones; spell numbers out"),
    });
    expect((await vits.synthesize("Stop, don't!", voice)).samples.length).toBeGreaterThan(0);
  });

  it.each([
    ["tokens.txt", "a b c\nd\n", /tokens\.txt:1: expected a symbol and its number, got "a b c"/],
    ["tokens.txt", "\n", /tokens\.txt: expected lines of a symbol and its number, got none/],
    [
      "tokens.txt",
      "a 1\nb 2\n",
      /lexicon\.txt: expected lines of a word and its tokens, all of them in \S+tokens\.txt; found none/,
    ],
    ["lexicon.txt", "stop\nhey q9\n", /lexicon\.txt: expected lines of a word and its tokens/],
    ["lexicon.txt", "", /lexicon\.txt: expected lines/],
  ])("refuses %s that says %j, on which sherpa-onnx would crash", async (file, content, message) => {
    const path = await writeSmallVits(join(folder, "crash"));
    await writeFile(join(path, file), content);
    await expect(engine(path)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringMatching(message),
    });
  });

  it("refuses a Piper voice's config that it cannot follow, naming the field", async () => {
    const path = await writePublishedPiper(join(folder, "text-piper"), {
      phoneme_type: "text",
      num_speakers: 0,
    });
    await expect(engine(path)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringMatching(
        /en_US-small-medium\.onnx\.json: expected the config of a Piper voice.*phoneme_type/s,
      ),
    });
  });

  it("needs the seeding: the graph as it is gives other bytes each time", async () => {
    const path = await writeSmallVits(join(folder, "plain"));
    const sherpa = createRequire(new URL("../../../../src/index.ts", import.meta.url))("sherpa-onnx-node");
    const vits = {
      model: join(path, "vits-small.onnx"),
      tokens: join(path, "tokens.txt"),
      lexicon: join(path, "lexicon.txt"),
    };
    const tts = new sherpa.OfflineTts({ model: { vits, numThreads: 1 } });
    const say = () => tts.generate({ text: "stop", sid: 0, speed: 1, enableExternalBuffer: false }).samples;
    expect(say()).not.toEqual(say());
  });

  it("keeps one rewritten graph for a model", async () => {
    const path = await writeSmallVits(join(folder, "kept"));
    const cacheDir = join(folder, "cache");
    await createVitsEngine({ model: path, cacheDir });
    await createVitsEngine({ model: path, cacheDir });
    expect(await readdir(join(cacheDir, "vits-seeded"))).toHaveLength(1);
  });
});
