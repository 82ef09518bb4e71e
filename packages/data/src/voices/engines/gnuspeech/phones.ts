import { stressDigit, syllablesOf } from "../../../text/phonetics/syllables.ts";

/**
 * A word's pronunciation as gnuspeech's dictionary writes it: phones joined by underscores, syllables by full stops, a mark
 * before a stressed one.
 * @param sound ARPAbet with stress: `"AH0 L EH1 K S AH0"` gives `uh.'l_e_k.s_uh`
 */
export const gnuspeechPhones = (sound: string): string =>
  syllablesOf(sound.split(" "))
    .map((names) => (STRESS[stressDigit(names)] ?? "") + names.map(phoneOf).join("_"))
    .join(".");

const phoneOf = (name: string): string => {
  const phoneme = name.replace(/\d$/, "");
  return UNSTRESSED[name] ?? VOWELS[phoneme] ?? phoneme.replace("HH", "h").toLowerCase();
};

const STRESS: Readonly<Record<string, string>> = { 1: "'", 2: '"' };

const UNSTRESSED: Readonly<Record<string, string>> = { AH0: "uh", ER0: "uh_r" };

/** As its dictionary says "father", "cat", "but", "law", "cow", "five", "head", "bird", "ate", "bit", "tea"... */
const VOWELS: Readonly<Record<string, string>> = {
  AA: "ar",
  AE: "aa",
  AH: "a",
  AO: "aw",
  AW: "ah_uu",
  AY: "ah_i",
  EH: "e",
  ER: "er_r",
  EY: "e_i",
  IH: "i",
  IY: "ee",
  OW: "uh_uu",
  OY: "o_i",
  UH: "u",
  UW: "uu",
};
