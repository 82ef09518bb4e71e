/* oxlint-disable no-underscore-dangle -- names of functions that Emscripten exports */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Audio, CallsignError, INT16_SCALE } from "@callsign/audio/internal";
import { allocateString, openProgram } from "../emscripten.ts";
import { snapshotHeap } from "../snapshot-heap.ts";

/** Pico with the files of one language. */
export interface Pico {
  /** Speaks text with Pico's markup; `text` is what messages show. */
  speak(markup: string, options: { readonly text: string }): Promise<Audio>;
}

/**
 * Pico as @echogarden/svoxpico-wasm, in this process; its heap is restored before each clip.
 * @throws CallsignError `DEPENDENCY_MISSING`, `MODEL_INVALID`
 */
export async function openPico(languageFiles: readonly string[]): Promise<Pico> {
  const files = await Promise.all(
    languageFiles.map(async (path) => ({ name: `/${basename(path)}`, bytes: await readFile(path) })),
  );
  const create = await importPackage();
  const program = await openProgram("pico", async () => load(await create(), files));
  return {
    speak: (markup, { text }) =>
      program.speak(text, (opened) => {
        opened.restore();
        return { samples: synthesize(opened, markup), sampleRateHz: SAMPLE_RATE_HZ };
      }),
  };
}

/** Sample rate of the signal generation files of all languages. */
const SAMPLE_RATE_HZ = 16_000;
/** Working memory for one language, as pico2wave gives it. */
const MEMORY_BYTES = 2_500_000;
/** Size of the exchange area: samples, then the results of calls. */
const EXCHANGE_BYTES = 8192;
const RESULT_AT = 4096;
/** picodefs.h */
const STEP_IDLE = 200;
const STEP_BUSY = 201;

interface Opened {
  readonly module: PicoModule;
  readonly engine: number;
  readonly exchange: number;
  readonly restore: () => void;
}

interface LanguageFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function load(module: PicoModule, files: readonly LanguageFile[]): Opened {
  const exchange = module._malloc(EXCHANGE_BYTES);
  const result = exchange + RESULT_AT;
  const call = (what: string, status: number): void => {
    if (status === 0) return;
    throw new CallsignError(
      "MODEL_INVALID",
      `pico: ${what} failed with status ${status} for ${files.map(({ name }) => name.slice(1)).join(", ")}; expected Pico's language files`,
    );
  };
  const put = (text: string): number => {
    module.HEAPU8.set(new TextEncoder().encode(`${text}\0`), exchange);
    return exchange;
  };
  const read = (): number => module.HEAPU32[result >> 2]!;
  call("pico_initialize", module._pico_initialize(module._malloc(MEMORY_BYTES), MEMORY_BYTES, result));
  const system = read();
  call("pico_createVoiceDefinition", module._pico_createVoiceDefinition(system, put("voice")));
  for (const { name, bytes } of files) {
    module.FS.writeFile(name, bytes);
    call("pico_loadResource", module._pico_loadResource(system, put(name), result));
    call("pico_getResourceName", module._pico_getResourceName(system, read(), result));
    call(
      "pico_addResourceToVoiceDefinition",
      module._pico_addResourceToVoiceDefinition(system, put("voice"), result),
    );
  }
  call("pico_newEngine", module._pico_newEngine(system, put("voice"), result));
  return { module, engine: read(), exchange, restore: snapshotHeap(module) };
}

function synthesize({ module, engine, exchange }: Opened, markup: string): Float32Array {
  const { at: text, length } = allocateString(module, markup);
  const [count, type] = [exchange + RESULT_AT, exchange + RESULT_AT + 2];
  const samples: number[] = [];
  for (let at = 0; at < length;) {
    const put = module._pico_putTextUtf8(engine, text + at, length - at, count);
    if (put !== 0) throw new Error(`pico_putTextUtf8 returned ${put}`);
    at += module.HEAP16[count >> 1]!;
    let step = STEP_BUSY;
    while (step === STEP_BUSY) {
      step = module._pico_getData(engine, exchange, RESULT_AT, count, type);
      const from = exchange >> 1;
      for (const sample of module.HEAP16.subarray(from, from + module.HEAP16[count >> 1]! / 2))
        samples.push(sample / INT16_SCALE);
    }
    if (step !== STEP_IDLE) throw new Error(`pico_getData returned ${step}`);
  }
  if (samples.length === 0) throw new Error("no letter of the text can be read");
  return Float32Array.from(samples);
}

const PACKAGE: string = "@echogarden/svoxpico-wasm";

async function importPackage(): Promise<() => Promise<PicoModule>> {
  try {
    const { default: create }: { default: () => Promise<PicoModule> } = await import(PACKAGE);
    return create;
  } catch (cause) {
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `pico: the package ${PACKAGE} is not installed; install it: npm install ${PACKAGE}@0.2.0`,
      { cause },
    );
  }
}

/** The part of the package used here; it ships no types. Names and arguments are those of picoapi.h. */
interface PicoModule {
  readonly HEAPU8: Uint8Array;
  readonly HEAP16: Int16Array;
  readonly HEAPU32: Uint32Array;
  readonly FS: { writeFile(path: string, bytes: Uint8Array): void };
  _malloc(bytes: number): number;
  _pico_initialize(memory: number, bytes: number, system: number): number;
  _pico_createVoiceDefinition(system: number, name: number): number;
  _pico_loadResource(system: number, path: number, resource: number): number;
  _pico_getResourceName(system: number, resource: number, name: number): number;
  _pico_addResourceToVoiceDefinition(system: number, voice: number, resource: number): number;
  _pico_newEngine(system: number, voice: number, engine: number): number;
  _pico_putTextUtf8(engine: number, text: number, bytes: number, taken: number): number;
  _pico_getData(engine: number, samples: number, bytes: number, count: number, type: number): number;
}
