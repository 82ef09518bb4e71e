import { existsSync } from "node:fs";
import { basename, delimiter, resolve } from "node:path";
import { CallsignError } from "@callsign/audio/internal";
import type * as z from "zod";
import type { engineConfig } from "../config/engine-config.ts";
import { createEspeakEngine } from "./engines/espeak/espeak.ts";
import { createGnuspeechEngine } from "./engines/gnuspeech/gnuspeech.ts";
import { createPicoEngine } from "./engines/pico/pico.ts";
import { downloadModelFolder, type HubOptions } from "./engines/download-model-folder.ts";
import { loadSherpa } from "./engines/vits/load-sherpa.ts";
import type { SpeechEngine } from "./speech-engine.ts";

/** Config of an engine as it is written in a file; the weight may be left out. */
export type EngineChoice = z.input<typeof engineConfig>;

/** Speech engines for a new config. */
export interface FoundEngines {
  readonly engines: readonly EngineChoice[];
  /** One line for each engine that is left out, with the reason and how to add it. */
  readonly notes: readonly string[];
}

export interface FindEnginesOptions extends Omit<HubOptions, "revision"> {
  /**
   * Folders or hub ids of VITS and Piper models, not checked here. Default: the folders in CALLSIGN_VOICES, else
   * `NEURAL_VOICE`. `false`: none.
   */
  readonly voices?: readonly string[] | false | undefined;
  /** Environment variables: CALLSIGN_VOICES, CALLSIGN_ASSETS, HF_HUB_OFFLINE. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
}

/**
 * Piper's model of 904 readers of LibriTTS-R, for sherpa-onnx; 80 MB. No commit is pinned: the first download checks the files
 * against the hub's list, and the config then names the commit downloaded.
 */
export const NEURAL_VOICE = {
  model: "csukuangfj/vits-piper-en_US-libritts_r-medium",
  licence: "CC-BY-4.0 (LibriTTS-R)",
} as const;

/**
 * Finds the speech engines of this machine: flite and espeak always, the others if they are installed, in the cache or
 * can be downloaded.
 * @throws CallsignError `ABORTED`, and errors of damaged files
 */
export async function findEngines(options: FindEnginesOptions): Promise<FoundEngines> {
  const notes: string[] = [];
  const engines: EngineChoice[] = [{ kind: "espeak" }, { kind: "flite" }];
  const attempts: readonly (readonly [name: string, find: () => Promise<EngineChoice[]>])[] = [
    ["pico", () => findPico(options)],
    ["gnuspeech", () => findInstalled("gnuspeech", createGnuspeechEngine)],
    ["neural voices", () => findNeural(options)],
  ];
  for (const [name, find] of attempts)
    engines.push(...(await orNone(find, ({ message }) => notes.push(`${name}: left out: ${message}`))));
  return { engines, notes };
}

/** Engines that need no download and take pronunciations: espeak if it is installed, and flite. */
export async function findSoundEngines(): Promise<EngineChoice[]> {
  const espeak = await orNone(() => findInstalled("espeak", () => createEspeakEngine()));
  return [...espeak, { kind: "flite" }];
}

/** Engines of `find`; none if it fails because a package or the network is missing. A damaged file is an error. */
async function orNone(
  find: () => Promise<EngineChoice[]>,
  onMissing?: (error: CallsignError) => void,
): Promise<EngineChoice[]> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof CallsignError) || !LEFT_OUT.has(error.code)) throw error;
    onMissing?.(error);
    return [];
  }
}

const LEFT_OUT: ReadonlySet<string> = new Set(["DEPENDENCY_MISSING", "DOWNLOAD_FAILED"]);

async function findInstalled(
  kind: "espeak" | "gnuspeech",
  create: () => Promise<SpeechEngine>,
): Promise<EngineChoice[]> {
  await (await create()).dispose();
  return [{ kind }];
}

async function findPico({ cacheDir, env, fetch, signal }: FindEnginesOptions): Promise<EngineChoice[]> {
  // One attempt, so that a machine without a network does not wait for retries.
  const engine = await createPicoEngine({
    cacheDir,
    env,
    attempts: 1,
    ...(fetch && { fetch }),
    ...(signal && { signal }),
  });
  await engine.dispose();
  return [{ kind: "pico" }];
}

async function findNeural({ voices, env, ...hub }: FindEnginesOptions): Promise<EngineChoice[]> {
  if (voices === false) return [];
  const given = voices ?? env.CALLSIGN_VOICES?.split(delimiter).filter((folder) => folder !== "");
  // Voices asked for are checked with the config, where a missing folder or package is an error.
  if (given !== undefined && given.length > 0)
    return given.map((voice) => ({ kind: "vits", model: isHubId(voice) ? voice : resolve(voice) }));
  loadSherpa();
  const { model, licence } = NEURAL_VOICE;
  const isOffline = /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? "");
  const offline: typeof fetch = () => Promise.reject(new Error("HF_HUB_OFFLINE forbids the download"));
  const folder = await downloadModelFolder(model, { ...hub, ...(isOffline && { fetch: offline }) });
  return [{ kind: "vits", model, revision: basename(folder), licence }];
}

const isHubId = (voice: string): boolean => /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(voice) && !existsSync(voice);
