import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";
import { type ImportGnuspeech, openGnuspeech } from "./package.ts";
import { roundParameter, type SpeechEngine, type VoiceParameters } from "../../speech-engine.ts";
import { speakableText } from "../../../text/speakable-text.ts";
import { synthesisFailed, throwIfAborted } from "../../synthesis-error.ts";

/**
 * Gnuspeech: articulatory synthesis with a tube model of the vocal tract, from a child's to a man's, each in three lengths.
 * Tempo, pitch, breathiness and the final fall or rise of pitch are drawn. The program is GPL-3.0-or-later; its output is
 * not.
 * @throws CallsignError `DEPENDENCY_MISSING`
 */
export async function createGnuspeechEngine({ loadPackage }: GnuspeechOptions = {}): Promise<SpeechEngine> {
  const program = await openGnuspeech(loadPackage);
  return {
    id: "gnuspeech",
    licence: "GPL-3.0-or-later (Gnuspeech, the program; not its output)",
    deterministic: true,
    takesSounds: true,
    voices: () =>
      TRACTS.flatMap((tract) =>
        LENGTHS.map((length) => ({ id: `gnuspeech/${tract}/l${length}`, language: "en-US" })),
      ),
    drawVoice: (random) => ({
      engine: "gnuspeech",
      voice: `gnuspeech/${random.choice(TRACTS)}/l${random.choice(LENGTHS)}`,
      tempo: roundParameter(random.uniform(...TEMPO)),
      pitch: roundParameter(random.uniform(...PITCH)),
      fall: roundParameter(random.uniform(...FALL)),
      breathiness: roundParameter(random.uniform(...BREATHINESS)),
    }),
    async synthesize(text, voice, { signal, sounds = {} } = {}) {
      const spoken = plainEnglish(speakableText(text, { engine: "gnuspeech" }));
      const { tract, length, ...parameters } = checkVoice(voice);
      throwIfAborted(signal, "gnuspeech");
      return program.speak({ text: spoken, sounds, tract, lengthFactor: length, ...parameters });
    },
    dispose: () => Promise.resolve(),
  };
}

/** Options for tests: how the package is imported. */
export interface GnuspeechOptions {
  readonly loadPackage?: ImportGnuspeech;
}

/** Names of its voice files; tubes of 17.5, 15, 12.5 and 10 cm. Its baby (7.5 cm) is left out: babies do not speak words. */
const TRACTS = ["male", "female", "large_child", "small_child"] as const;
/** Factors of the tube's length, which varies by about 5 % among adults of one sex. */
const LENGTHS = [0.93, 1, 1.07] as const;
/** Factors of the default tempo. */
const TEMPO = [0.6, 1.5] as const;
/** Semitones above the voice's default pitch: a man's is 104 Hz, a woman's 208 Hz. */
const PITCH = [-4, 4] as const;
/** Semitones from the stressed syllable to the end; by default, statements fall by 8 and questions rise by 2 to 6. */
const FALL = [-9, 5] as const;
/** Percent of noise in the voice; the defaults are 0.5 and 1.5. */
const BREATHINESS = [0.3, 5] as const;

const VOICE = z.strictObject({
  engine: z.literal("gnuspeech"),
  voice: z.templateLiteral([z.literal("gnuspeech/"), z.enum(TRACTS), z.literal("/l"), z.number()]),
  tempo: z.number().min(0.3).max(3),
  pitch: z.number().min(-12).max(12),
  fall: z.number().min(-12).max(12),
  breathiness: z.number().min(0).max(10),
});

function checkVoice(voice: VoiceParameters) {
  const {
    voice: id,
    engine: _engine,
    ...parameters
  } = parseStrict(VOICE, voice, {
    name: "gnuspeech voice",
    code: "INVALID_ARGUMENT",
  });
  const [, tract = "", shown] = id.split("/");
  const length = LENGTHS.find((one) => shown === `l${one}`);
  if (length !== undefined) return { ...parameters, tract, length };
  throw new CallsignError("INVALID_ARGUMENT", `gnuspeech: expected a voice that voices() lists, got ${id}`);
}

/**
 * Reduces text to lower-case letters, digits, apostrophes and spaces, since Gnuspeech spells out capitals, reads other scripts
 * byte by byte, and has markup of its own. @throws CallsignError `SYNTHESIS_FAILED`
 */
function plainEnglish(text: string): string {
  const letters = text.normalize("NFKD").replaceAll(/\p{M}/gu, "").replaceAll("’", "'").toLowerCase();
  const [other] = /[\p{L}\p{N}]/u.exec(letters.replaceAll(/[a-z0-9]/g, "")) ?? [];
  if (other !== undefined)
    throw synthesisFailed({ engine: "gnuspeech", text, reason: `it knows the letters a to z, not ${other}` });
  return letters.replaceAll(/[^a-z0-9']+/g, " ").trim();
}
