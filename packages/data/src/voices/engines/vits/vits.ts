import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { CallsignError, type Audio } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import { cacheDirectory, sha256Hex, writeFileAtomic } from "@callsign/infer/node/internal";
import * as z from "zod";
import { downloadModelFolder, type HubOptions } from "../download-model-folder.ts";
import { loadSherpa, type Sherpa, type SherpaTts } from "./load-sherpa.ts";
import { roundParameter, type SpeechEngine, type VoiceParameters } from "../../speech-engine.ts";
import { speakableText } from "../../../text/speakable-text.ts";
import { synthesisFailed, throwIfAborted } from "../../synthesis-error.ts";
import { findVitsFiles, type VitsFiles } from "./files.ts";
import { findPiperFiles } from "./piper.ts";
import { checkWords, readLexicon } from "./lexicon.ts";
import { NOISE_STEP, packDraw, seedVitsGraph, type SeededVits } from "./graph.ts";

/**
 * VITS and Piper voices through sherpa-onnx: every speaker of the model, with noise, duration noise, length and the
 * noise's seed drawn for each clip. Neural voices of people: the most natural, and the slowest. The engine is named after
 * the model, so that a config can have several. Its input is text: Piper models pronounce any word with espeak-ng's data, models
 * with a lexicon only the words in it.
 * @throws CallsignError `DEPENDENCY_MISSING`, `MODEL_NOT_FOUND`, `MODEL_INVALID`, `DOWNLOAD_FAILED`
 */
export async function createVitsEngine(options: VitsOptions): Promise<SpeechEngine> {
  const { cacheDir = cacheDirectory(), loadPackage, licence = "see the model's page" } = options;
  const sherpa = loadSherpa(loadPackage);
  const folder = await modelFolder(options.model, { ...options, cacheDir });
  const model = basename(options.model);
  const id = `vits/${model}`;
  const files = (await findPiperFiles(folder, { cacheDir })) ?? (await findVitsFiles(folder));
  const words = await readLexicon(files);
  const { metadata = {} } = files;
  const seeded = seedVitsGraph(await readFile(files.model), { name: files.model, metadata });
  const tts = sherpa(sherpaConfig({ ...files, model: await keepGraph(seeded.bytes, cacheDir) }));
  return {
    id,
    licence,
    deterministic: true,
    voices: () =>
      Array.from({ length: seeded.speakers }, (_, speaker) => ({
        id: `${id}/${speaker}`,
        language: "en",
      })),
    drawVoice: (random) => ({
      engine: id,
      voice: `${id}/${random.integer(0, seeded.speakers - 1)}`,
      noiseScale: drawStep(random.uniform(...(options.noiseScale ?? NOISE_SCALE))),
      noiseScaleW: drawStep(random.uniform(...(options.noiseScaleW ?? NOISE_SCALE_W))),
      lengthScale: roundParameter(random.uniform(...(options.lengthScale ?? LENGTH_SCALE))),
      seed: random.integer(0, seeded.seeds - 1),
    }),
    async synthesize(text, voice, { signal } = {}) {
      const spoken = speakableText(text, { engine: "vits" });
      const draw = checkVoice(voice, { model, seeded });
      if (words !== undefined) checkWords(spoken, { words, lexicon: files.lexicon! });
      throwIfAborted(signal, "vits");
      return speak(tts, spoken, { sid: packDraw(draw, seeded), speed: 1 / draw.lengthScale });
    },
    dispose: () => Promise.resolve(),
  };
}

/** A model, and the ranges its parameters are drawn from. */
export interface VitsOptions extends HubOptions {
  /** A folder, or a model on the hub such as `csukuangfj/vits-vctk`. */
  readonly model: string;
  /** Licence of the weights, for the data card. */
  readonly licence?: string;
  readonly noiseScale?: readonly [number, number];
  readonly noiseScaleW?: readonly [number, number];
  readonly lengthScale?: readonly [number, number];
  /** Folder for downloaded models and rewritten graphs. */
  readonly cacheDir?: string;
  /** For tests: how sherpa-onnx-node is loaded. */
  readonly loadPackage?: () => Sherpa;
}

/** VITS's own defaults are 0.667 and 0.8 (jaywalnut310/vits, inference notebook); around them speech stays clean. */
const NOISE_SCALE = [0.4, 0.85] as const;
const NOISE_SCALE_W = [0.5, 1] as const;
/** Above 1 is slower. */
const LENGTH_SCALE = [0.8, 1.35] as const;

const drawStep = (scale: number): number => roundParameter(Math.round(scale / NOISE_STEP) * NOISE_STEP);

const noise = z.number().min(0).max(1.55);
const VOICE = z.strictObject({
  engine: z.templateLiteral([z.literal("vits/"), z.string()]),
  voice: z.templateLiteral([z.literal("vits/"), z.string(), z.literal("/"), z.int().min(0)]),
  noiseScale: noise,
  noiseScaleW: noise,
  lengthScale: z.number().min(0.25).max(4),
  seed: z.int().min(0),
});

async function modelFolder(model: string, options: VitsOptions & { cacheDir: string }): Promise<string> {
  const isFolder = await stat(model).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return model;
  if (/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(model)) return downloadModelFolder(model, options);
  throw new CallsignError(
    "MODEL_NOT_FOUND",
    `vits: expected a model folder or a hub id such as csukuangfj/vits-vctk, got ${JSON.stringify(model)}`,
  );
}

/** sherpa-onnx opens models by path, so the rewritten one lies in the cache, named after its content. */
async function keepGraph(bytes: Uint8Array, cacheDir: string): Promise<string> {
  const path = join(cacheDir, "vits-seeded", `${sha256Hex(bytes)}.onnx`);
  const kept = await stat(path).catch(() => undefined);
  if (kept?.size !== bytes.length) await writeFileAtomic(path, bytes);
  return path;
}

/** One thread, so that sums do not depend on how they are split. Clips run in parallel instead. */
function sherpaConfig({ model, tokens, lexicon = "", dataDir = "" }: VitsFiles): object {
  const vits = { model, tokens, lexicon, dataDir, lengthScale: 1 };
  return { model: { vits, numThreads: 1, provider: "cpu", debug: 0 }, maxNumSentences: 1 };
}

function checkVoice(
  voice: VoiceParameters,
  { model, seeded }: { model: string; seeded: SeededVits },
): {
  speaker: number;
  noiseScale: number;
  noiseScaleW: number;
  lengthScale: number;
  seed: number;
} {
  const {
    voice: id,
    engine,
    ...draw
  } = parseStrict(VOICE, voice, {
    name: "vits voice",
    code: "INVALID_ARGUMENT",
  });
  const speaker = Number(id.slice(id.lastIndexOf("/") + 1));
  if (
    engine !== `vits/${model}` ||
    id !== `${engine}/${speaker}` ||
    speaker >= seeded.speakers ||
    draw.seed >= seeded.seeds
  ) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `vits voice: expected vits/${model}/0 to ${seeded.speakers - 1} and a seed below ${seeded.seeds}, got ${id}, ` +
        `seed ${draw.seed}`,
    );
  }
  return { ...draw, speaker };
}

async function speak(tts: SherpaTts, text: string, request: { sid: number; speed: number }): Promise<Audio> {
  const generated = await tts
    .generateAsync({ text, ...request, enableExternalBuffer: false })
    .catch((cause: unknown) => {
      throw synthesisFailed({ engine: "vits", text, reason: String(cause), cause });
    });
  if (generated.samples.length === 0)
    throw synthesisFailed({ engine: "vits", text, reason: "the model gave no audio" });
  return { samples: generated.samples, sampleRateHz: generated.sampleRate };
}
