import { stressDigit, syllablesOf } from "../../../text/phonetics/syllables.ts";
import type { PicoLanguage } from "./language-files.ts";

/**
 * A word's pronunciation in the X-SAMPA that Pico's markup takes (pico/tests/data/xsampa_pico_man_*.txt of its sources).
 * British voices drop an R that no vowel follows.
 * @param sound ARPAbet with stress: `"AH0 L EH1 K S AH0"` gives `@."lE.ks@`
 */
export function picoPhonemes(sound: string, language: PicoLanguage): string {
  const names = sound.split(" ");
  const phonemes = names.map((name) => name.replace(/\d$/, ""));
  const isVowel = (at: number): boolean => (phonemes[at] ?? "") in VOWELS;
  const isLastR = (at: number): boolean => phonemes[at] === "R" && !isVowel(at + 1);
  const symbols = phonemes.map((phoneme, at) => {
    if (language === "en-GB") {
      if (isLastR(at)) return "";
      if (isLastR(at + 1) && phoneme in BRITISH_BEFORE_R) return BRITISH_BEFORE_R[phoneme];
      if (phoneme in BRITISH) return BRITISH[phoneme];
    }
    return UNSTRESSED[names[at]!] ?? VOWELS[phoneme] ?? CONSONANTS[phoneme] ?? phoneme.toLowerCase();
  });
  let at = 0;
  return syllablesOf(names)
    .map(
      (syllable) =>
        (STRESS[stressDigit(syllable)] ?? "") + symbols.slice(at, (at += syllable.length)).join(""),
    )
    .join(".");
}

const STRESS: Readonly<Record<string, string>> = { 1: '"', 2: "%" };

const UNSTRESSED: Readonly<Record<string, string>> = { AH0: "@", ER0: "@`" };

const VOWELS: Readonly<Record<string, string>> = {
  AA: "A:",
  AE: "{",
  AH: "V",
  AO: "O:",
  AW: "a_U",
  AY: "a_I",
  EH: "E",
  ER: "3:",
  EY: "e_I",
  IH: "I",
  IY: "i:",
  OW: "o_U",
  OY: "O_I",
  UH: "U",
  UW: "u:",
};

const BRITISH: Readonly<Record<string, string>> = { AA: "Q", OW: "@_U" };
const BRITISH_BEFORE_R: Readonly<Record<string, string>> = {
  AA: "A:",
  EH: "e_@",
  IH: "I_@",
  IY: "I_@",
  UH: "U_@",
};

/** Consonants that are not the lower case of ARPAbet. */
const CONSONANTS: Readonly<Record<string, string>> = {
  CH: "t_S",
  DH: "D",
  HH: "h",
  JH: "d_Z",
  NG: "N",
  R: "r\\\\",
  SH: "S",
  TH: "T",
  Y: "j",
  ZH: "Z",
};
