import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";
import type { EspeakBackend } from "./backend.ts";
import { type CreateEspeak, openEspeakPackage } from "./package.ts";
import { openEspeakProgram, type EspeakProgramOptions } from "./program.ts";
import { ACCENTS, OTHER_LANGUAGES, VARIANTS } from "./voices.ts";
import { espeakPhonemes } from "./phoneme-names.ts";
import type { SaidSounds } from "../../draw-sounds.ts";
import { roundParameter, type SpeechEngine, type VoiceParameters } from "../../speech-engine.ts";
import { speakableText } from "../../../text/speakable-text.ts";

/**
 * espeak-ng: eight accents of English times some ninety voice variants, at any rate and pitch. Formant synthesis:
 * crisp, artificial, and very varied. The program is GPL-3.0-or-later; the recordings it makes are not.
 * @throws CallsignError `DEPENDENCY_MISSING`
 */
export async function createEspeakEngine(options: EspeakOptions = {}): Promise<SpeechEngine> {
  const backend = await openBackend(options);
  const variants = VARIANTS.filter((variant) => backend.variants.has(variant));
  const accents = Object.keys(ACCENTS);
  return {
    id: "espeak",
    licence: "GPL-3.0-or-later (espeak-ng, the program; not its output)",
    deterministic: backend.deterministic,
    takesSounds: true,
    voices: () =>
      accents.flatMap((accent) =>
        variants.map((variant) => ({
          id: `espeak/${accent}+${variant}`,
          language: accent,
          parts: [accent, timbreOf(variant)],
        })),
      ),
    drawVoice(random) {
      const accent = random.weightedChoice(accents, Object.values(ACCENTS));
      const drawn = {
        engine: "espeak" as const,
        voice: `espeak/${accent}+${random.choice(variants)}`,
        backend: backend.kind,
        rate: random.integer(...RATE),
        pitch: random.integer(...PITCH),
      };
      const spread = random.next();
      return backend.kind === "package"
        ? { ...drawn, range: Math.round(RANGE[0] + (RANGE[1] - RANGE[0]) * spread) }
        : { ...drawn, wordGap: Math.round(WORD_GAP[1] * roundParameter(spread)) };
    },
    async synthesize(text, voice, { signal, sounds = {} } = {}) {
      const spoken = withoutPhonemeMarks(speakableText(text, { engine: "espeak" }));
      const { voice: id, ...parameters } = checkVoice(voice, backend);
      const speaker = id.slice("espeak/".length);
      return backend.speak({
        ...parameters,
        text: spoken,
        speaker,
        words: namedPhonemes(sounds),
        ...(signal && { signal }),
      });
    },
    dispose: () => Promise.resolve(),
  };
}

/** Variants that differ only by a number, such as `klatt` and `klatt2`, count as one speaker, except `m1`, `f1` and the like. */
const timbreOf = (variant: string): string =>
  /^[mf]\d$/.test(variant) ? variant : variant.replace(/\d$/, "");

/**
 * Converts the espeak voices among those given to other languages, in turn, with the same variant, rate and pitch. Empty
 * if no espeak voice is given.
 */
export function inOtherLanguages(
  voices: readonly VoiceParameters[],
  languages: readonly string[],
): VoiceParameters[] {
  return voices
    .filter(({ engine }) => engine === "espeak")
    .map((voice, i) => {
      const variant = voice.voice.split("+")[1]!;
      return { ...voice, voice: `espeak/${languages[i % languages.length]!}+${variant}` };
    });
}

/** The package, the program, or (`auto`) the package where it is installed and else the program. */
export interface EspeakOptions extends EspeakProgramOptions {
  readonly backend?: "auto" | "package" | "program";
  /** For tests: how the package is imported. */
  readonly loadPackage?: () => Promise<CreateEspeak>;
}

/**
 * The pronunciation of a text in IPA, stress marks included: one list of phonemes a word, as espeak-ng parts them (it
 * joins some short words: "of the" is one).
 * @throws CallsignError `DEPENDENCY_MISSING`, `INVALID_ARGUMENT`
 */
export async function phonemize(
  text: string,
  { accent = "en-us", sounds = {}, signal, ...options }: PhonemizeOptions = {},
): Promise<string[][]> {
  const spoken = withoutPhonemeMarks(speakableText(text, { engine: "espeak" }));
  const key = JSON.stringify(options);
  const opened = backends.get(key) ?? openBackend(options);
  backends.set(key, opened);
  const ipa = await (
    await opened
  ).transcribe({ text: spoken, speaker: accent, words: namedPhonemes(sounds), ...(signal && { signal }) });
  return ipa
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => word.split("_").filter((phoneme) => phoneme !== ""));
}

/** Accent (default American) and pronunciations of some words. */
interface PhonemizeOptions extends EspeakOptions {
  readonly accent?: string;
  readonly sounds?: SaidSounds;
  readonly signal?: AbortSignal;
}

const namedPhonemes = (sounds: SaidSounds): Record<string, string> =>
  Object.fromEntries(Object.entries(sounds).map(([word, sound]) => [word, espeakPhonemes(sound)]));

/** Opening takes 60 ms, a transcription 4. */
const backends = new Map<string, Promise<EspeakBackend>>();

async function openBackend({
  backend = "auto",
  loadPackage,
  ...program
}: EspeakOptions): Promise<EspeakBackend> {
  if (backend === "program") return openEspeakProgram(program);
  try {
    return await openEspeakPackage(loadPackage);
  } catch (error) {
    const missing = error instanceof CallsignError && error.code === "DEPENDENCY_MISSING";
    if (backend === "package" || !missing) throw error;
    try {
      return await openEspeakProgram(program);
    } catch {
      throw error;
    }
  }
}

/** Words per minute, down to espeak-ng's slowest, since people say commands slower than they talk. */
const RATE = [80, 210] as const;
/** Of 0-99: below and above, the formants no longer fit the pitch. */
const PITCH = [15, 95] as const;
/** Of 0-100: near monotone to lively. */
const RANGE = [20, 90] as const;
/** Units of 10 ms. */
const WORD_GAP = [0, 6] as const;

const VOICE = z.strictObject({
  engine: z.literal("espeak"),
  voice: z.templateLiteral([z.literal("espeak/"), z.string()]),
  backend: z.enum(["package", "program"]),
  rate: z.int().min(80).max(450),
  pitch: z.int().min(0).max(99),
  range: z.int().min(0).max(100).optional(),
  wordGap: z.int().min(0).max(100).optional(),
});

function checkVoice(
  voice: VoiceParameters,
  backend: EspeakBackend,
): { voice: string; rate: number; pitch: number } {
  const checked = parseStrict(VOICE, voice, { name: "espeak voice", code: "INVALID_ARGUMENT" });
  const [language = "", variant = ""] = checked.voice.slice("espeak/".length).split("+");
  const known = language in ACCENTS || OTHER_LANGUAGES.includes(language);
  // espeak-ng ignores an unknown variant, so the manifest would name another voice than the clip has.
  if (!known || !backend.variants.has(variant)) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `espeak: no voice ${checked.voice} here; voices() lists them`,
    );
  }
  if (checked.backend !== backend.kind) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `espeak: the voice was drawn for the ${checked.backend}, this is the ${backend.kind}, which speaks other bytes; ` +
        `set the engine's backend to ${checked.backend}`,
    );
  }
  const { engine: _engine, backend: _backend, range, wordGap, ...rest } = checked;
  return { ...rest, ...(range !== undefined && { range }), ...(wordGap !== undefined && { wordGap }) };
}

/** espeak-ng reads `[[...]]` as phoneme names. */
const withoutPhonemeMarks = (text: string): string => text.replaceAll(/\[\[|\]\]/g, " ");
