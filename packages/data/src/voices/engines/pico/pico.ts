import { join } from "node:path";
import { parseStrict } from "@callsign/infer/internal";
import { type Asset, type AssetOptions, resolveAsset } from "@callsign/infer/node/internal";
import { CallsignError } from "@callsign/audio/internal";
import * as z from "zod";
import { LANGUAGE_FILES, type PicoLanguage, PICO_LANGUAGES } from "./language-files.ts";
import { picoPhonemes } from "./phonemes.ts";
import { openPico, type Pico } from "./package.ts";
import type { SpeechEngine, VoiceParameters } from "../../speech-engine.ts";
import { isFamiliar } from "../../../text/familiar-words.ts";
import { loadPronunciations } from "../../../text/phonetics/pronunciations.ts";
import { speakableText } from "../../../text/speakable-text.ts";
import { replaceWords } from "../../../text/spoken-text.ts";
import { throwIfAborted } from "../../synthesis-error.ts";

/**
 * SVOX Pico (Android's voice until 2014) compiled to WebAssembly: an American and a British woman, statistical synthesis
 * from recordings. A voice is a speaker at one of five pitches; speed and a small change of pitch are drawn. The American voice guesses rare words
 * badly ("aleeksa"), so it is given their pronunciations from the dictionary.
 * @throws CallsignError `DEPENDENCY_MISSING`, `FILE_NOT_FOUND`, `CHECKSUM_MISMATCH`, `DOWNLOAD_FAILED`
 */
export async function createPicoEngine({ model, ...options }: PicoOptions = {}): Promise<SpeechEngine> {
  const rareWord = await openRareWords();
  const speakers = new Map<string, Pico>();
  for (const language of PICO_LANGUAGES) {
    const [analysis, signal] = LANGUAGE_FILES[language];
    const locate = (asset: Asset): Promise<string> =>
      resolveAsset(asset, {
        ...options,
        ...(model !== undefined && { path: join(model, asset.fileNames[0]) }),
      });
    speakers.set(language, await openPico([await locate(analysis), await locate(signal)]));
  }
  return {
    id: "pico",
    licence: "Apache-2.0 (SVOX Pico and its voices)",
    deterministic: true,
    takesSounds: true,
    voices: () =>
      PICO_LANGUAGES.flatMap((language) =>
        PITCHES.map((pitch) => ({ id: `pico/${language}/p${pitch}`, language })),
      ),
    drawVoice(random) {
      const pitch = random.choice(PITCHES);
      return {
        engine: "pico",
        voice: `pico/${random.choice(PICO_LANGUAGES)}/p${pitch}`,
        pitch: pitch + random.integer(-PITCH_SPREAD, PITCH_SPREAD),
        speed: random.integer(...SPEED),
      };
    },
    async synthesize(text, voice, { signal, sounds = {} } = {}) {
      const spoken = withoutMarkup(speakableText(text, { engine: "pico" }));
      const { language, pitch, speed } = checkVoice(voice);
      const said = replaceWords(spoken, (written) => {
        const word = written.toLowerCase();
        const given = Object.hasOwn(sounds, word) ? sounds[word] : undefined;
        const sound = given ?? (language === "en-US" ? rareWord(word) : undefined);
        return sound === undefined ? written : `<phoneme ph='${picoPhonemes(sound, language)}'/>`;
      });
      throwIfAborted(signal, "pico");
      // No closing tags: they would already affect the last sound and make it four times as loud.
      const markup = `<volume level="${VOLUME}"><speed level="${speed}"><pitch level="${pitch}">${said}`;
      return speakers.get(language)!.speak(markup, { text: spoken });
    },
    dispose: () => Promise.resolve(),
  };
}

/** Where the language files are, and how they are downloaded. */
export interface PicoOptions extends Omit<AssetOptions, "path"> {
  /** Folder with the language files. Default: CALLSIGN_ASSETS, the cache, or a download. */
  readonly model?: string;
}

/** Percent of the default pitch. Narrower than Pico's 50 to 200, because the formants stay those of a woman. */
const PITCHES = [65, 80, 95, 110, 130] as const;
/** Percent, drawn around the voice's pitch. */
const PITCH_SPREAD = 6;
/** Percent of the default speed. */
const SPEED = [60, 170] as const;
/** Percent of the default level, at which vowels of the American voice clip. */
const VOLUME = 40;

const VOICE = z.strictObject({
  engine: z.literal("pico"),
  voice: z.templateLiteral([z.literal("pico/"), z.enum(PICO_LANGUAGES), z.literal("/p"), z.int()]),
  // The limits of its markup (picotok.c).
  pitch: z.int().min(50).max(200),
  speed: z.int().min(20).max(500),
});

function checkVoice(voice: VoiceParameters): { language: PicoLanguage; pitch: number; speed: number } {
  const {
    voice: id,
    pitch,
    speed,
  } = parseStrict(VOICE, voice, { name: "pico voice", code: "INVALID_ARGUMENT" });
  const language = PICO_LANGUAGES.find((one) => id.startsWith(`pico/${one}/`))!;
  const middle = PITCHES.find((one) => id.endsWith(`/p${one}`));
  if (middle !== undefined && Math.abs(pitch - middle) <= PITCH_SPREAD) return { language, pitch, speed };
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `pico voice: expected one of p${PITCHES.join(", p")} and a pitch at most ${PITCH_SPREAD} from it, got ${id} with pitch ${pitch}`,
  );
}

/** Looks up rare words of the dictionary; Pico knows the others. */
async function openRareWords(): Promise<(word: string) => string | undefined> {
  const { dictionary } = await import("cmu-pronouncing-dictionary");
  const pronunciations = await loadPronunciations();
  return (word) => {
    if (!Object.hasOwn(dictionary, word) || isFamiliar(word, pronunciations)) return undefined;
    return dictionary[word]!.replace(/ *#.*$/, "");
  };
}

/** Pico reads `<...>` as markup. */
const withoutMarkup = (text: string): string => text.replaceAll(/[<>]/g, " ");
