import { type Audio, CallsignError, INT16_SCALE } from "@callsign/audio/internal";
import { type DataFiles, openDictionary } from "./dictionary.ts";
import { VOLUME, type EspeakBackend, type EspeakRequest } from "./backend.ts";
import { snapshotHeap } from "../snapshot-heap.ts";
import { synthesisFailed, throwIfAborted } from "../../synthesis-error.ts";

/**
 * espeak-ng as @echogarden/espeak-ng-emscripten, in this process: one instance for all engines of a thread, whose heap is
 * restored before each clip. A new instance would be compiled again, which takes as long as a hundred clips. `load` opens one of its own.
 * @throws CallsignError `DEPENDENCY_MISSING`
 */
export async function openEspeakPackage(load?: () => Promise<CreateEspeak>): Promise<EspeakBackend> {
  if (load !== undefined) return openInstance(load);
  shared ??= openInstance(importEspeak);
  try {
    return await shared;
  } catch (error) {
    shared = undefined;
    throw error;
  }
}

let shared: Promise<EspeakBackend> | undefined;

async function openInstance(load: () => Promise<CreateEspeak>): Promise<EspeakBackend> {
  const create = await loadEspeak(load);
  const startedAt = clockSeconds();
  const module = await create();
  const worker = await new module.eSpeakNGWorker();
  fixRandomState(module.HEAPU32, [startedAt, clockSeconds()]);
  growStringCache(worker);
  const restore = snapshotHeap(module);
  const dictionary = openDictionary(module.FS);
  const setVoice = (speaker: string, words: Readonly<Record<string, string>> = {}): void => {
    restore();
    dictionary.set(words);
    if (worker.set_voice(speaker) !== 0) {
      throw new CallsignError("INVALID_ARGUMENT", `espeak: expected a voice espeak-ng knows, got ${speaker}`);
    }
  };
  return {
    kind: "package",
    deterministic: true,
    variants: new Set(module.FS.readdir("/usr/share/espeak-ng-data/voices/!v")),
    async speak(request) {
      throwIfAborted(request.signal, "espeak");
      setVoice(request.speaker, request.words);
      return run(worker, request);
    },
    async transcribe({ text, speaker, words, signal }) {
      throwIfAborted(signal, "espeak");
      setVoice(speaker, words);
      const { code, ipa } = worker.synthesize_ipa(text);
      if (code !== 0) throw synthesisFailed({ engine: "espeak", text, reason: `espeak-ng answered ${code}` });
      return ipa;
    },
  };
}

function run(worker: Worker, request: EspeakRequest): Audio {
  worker.set_volume(VOLUME);
  worker.set_rate(request.rate);
  worker.set_pitch(request.pitch);
  if (request.range !== undefined) worker.set_range(request.range);
  const parts: Int16Array[] = [];
  try {
    worker.synthesize(request.text, (samples) => {
      parts.push(samples);
      return false;
    });
  } catch (cause) {
    throw synthesisFailed({ engine: "espeak", text: request.text, reason: String(cause), cause });
  }
  const samples = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    for (const sample of part) samples[at++] = sample / INT16_SCALE;
  }
  return { samples, sampleRateHz: worker.get_samplerate() };
}

/**
 * espeak-ng seeds its noise with the time: `state = (seconds * 1103515245 + 12345) mod (2^31 - 1)` (espeak_srand in
 * speech.c and common.c of espeak-ng 1.52). The one word of the heap that holds that value is given a fixed one.
 * @throws CallsignError `DEPENDENCY_MISSING` when it is not there: a version that seeds otherwise
 */
function fixRandomState(heap: Uint32Array, [from, to]: readonly [number, number]): void {
  const found: number[] = [];
  for (let seconds = from; seconds <= to; seconds++) {
    const state = Number((BigInt(seconds) * 1_103_515_245n + 12_345n) % 2_147_483_647n);
    for (let at = heap.indexOf(state); at >= 0; at = heap.indexOf(state, at + 1)) found.push(at);
  }
  if (found.length !== 1) {
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `espeak: expected ${PACKAGE} ${VERSION}, whose random state can be fixed; found another version, whose clips ` +
        `would differ from run to run; install it: npm install ${PACKAGE}@${VERSION}`,
    );
  }
  heap[found[0]!] = 1;
}

/** The binding keeps a heap buffer for string arguments; grown before the snapshot, it is never moved after it. */
function growStringCache(worker: Worker): void {
  const long = "a ".repeat(4096);
  for (let i = 0; i < 2; i++) worker.synthesize(long, () => true);
}

const PACKAGE: string = "@echogarden/espeak-ng-emscripten";
export const VERSION = "0.3.5";

export async function importEspeak(): Promise<CreateEspeak> {
  const { default: create }: { default: CreateEspeak } = await import(PACKAGE);
  return create;
}

/** @throws CallsignError `DEPENDENCY_MISSING` */
export async function loadEspeak(load: () => Promise<CreateEspeak> = importEspeak): Promise<CreateEspeak> {
  try {
    return await load();
  } catch (cause) {
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `espeak: neither the package ${PACKAGE} (GPL-3.0) nor the program espeak-ng is installed; install one: ` +
        `npm install ${PACKAGE}@${VERSION}, or apt-get install espeak-ng`,
      { cause },
    );
  }
}

const clockSeconds = (): number => Math.floor(Date.now() / 1000);

/** The part of the package used here; it ships no types. */
export type CreateEspeak = () => Promise<{
  readonly HEAPU8: Uint8Array;
  readonly HEAPU32: Uint32Array;
  readonly FS: DataFiles & {
    readdir(path: string): string[];
    stat(path: string): { readonly mode: number };
    isDir(mode: number): boolean;
  };
  readonly eSpeakNGWorker: new () => Worker | Promise<Worker>;
}>;

interface Worker {
  set_voice(name: string): number;
  set_volume(percent: number): void;
  set_rate(wordsPerMinute: number): void;
  set_pitch(pitch: number): void;
  set_range(range: number): void;
  get_samplerate(): number;
  /** Calls back with each stretch of samples, a copy; true stops. */
  synthesize(text: string, callback: (samples: Int16Array) => boolean): void;
  synthesize_ipa(text: string): { code: number; ipa: string };
}
