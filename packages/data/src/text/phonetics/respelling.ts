import { CallsignError } from "@callsign/audio/internal";

import { syllablesOf } from "./syllables.ts";

/**
 * Respells a pronunciation as an English reader would sound it out, a hyphen between syllables and the stressed one in
 * capitals: `"SH IY0 AO1 R SH AH0"` is "shee-AWR-shuh".
 * @param sound ARPAbet with stress
 */
export function respell(sound: string): string {
  const syllables = syllablesOf(sound.split(" "), { closed: SHORT });
  return syllables
    .map((names) => {
      const text = names.map((name, i) => lettersOf(name, { after: names[i + 1] })).join("");
      const isStressed = syllables.length > 1 && names.some((name) => name.endsWith("1"));
      return isStressed ? text.toUpperCase() : text;
    })
    .join("-");
}

/**
 * Reads a respelling: syllables separated by spaces or hyphens, the stressed one in capitals ("see OR sha").
 * A syllable is looked up as a word, else read as `respell` writes it, else guessed.
 * @returns ARPAbet with stress; the first syllable has the primary stress if none is in capitals
 * @throws CallsignError INVALID_ARGUMENT
 */
export function parseRespelling(text: string, { lookUp, guess }: SyllableReaders): string {
  const parts = text.trim().split(/[\s-]+/);
  const odd = parts.find((part) => !/^[a-z']{1,20}$/i.test(part));
  if (odd !== undefined) throw invalid(text, odd);
  const stressed = Math.max(
    0,
    parts.findIndex((part) => /[A-Z]/.test(part) && part === part.toUpperCase()),
  );
  return parts
    .map((part, i) => {
      const letters = part.toLowerCase();
      const names = (
        readFinalA(letters, i === stressed) ??
        lookUp(letters) ??
        readSyllable(letters) ??
        guess(letters) ??
        ""
      ).split(" ");
      const vowel = names.findIndex((name) => name.endsWith("1"));
      const chosen = vowel >= 0 ? vowel : names.findIndex((name) => /\d$/.test(name));
      if (chosen < 0) throw invalid(text, part);
      return names
        .map((name, at) => name.replace(/\d$/, at === chosen && i === stressed ? "1" : "0"))
        .join(" ");
    })
    .join(" ");
}

/** ARPAbet of a syllable, if it is known. */
interface SyllableReaders {
  readonly lookUp: (word: string) => string | undefined;
  readonly guess: (word: string) => string | undefined;
}

/** Vowels that do not end a syllable in English. */
const SHORT: ReadonlySet<string> = new Set(["AE", "EH", "IH", "UH"]);

function lettersOf(name: string, { after }: { after: string | undefined }): string {
  const phoneme = name.replace(/\d$/, "");
  return after === undefined && phoneme in OPEN ? OPEN[phoneme]! : LETTERS[phoneme]!;
}

/** Spelling of short vowels that end a syllable nevertheless. */
const OPEN: Readonly<Record<string, string>> = { AE: "aa", EH: "eh", IH: "ih" };

const LETTERS: Readonly<Record<string, string>> = {
  AA: "ah",
  AE: "a",
  AH: "uh",
  AO: "aw",
  AW: "ow",
  AY: "eye",
  EH: "e",
  ER: "er",
  EY: "ay",
  IH: "i",
  IY: "ee",
  OW: "oh",
  OY: "oy",
  UH: "uu",
  UW: "oo",
  B: "b",
  CH: "ch",
  D: "d",
  DH: "dh",
  F: "f",
  G: "g",
  HH: "h",
  JH: "j",
  K: "k",
  L: "l",
  M: "m",
  N: "n",
  NG: "ng",
  P: "p",
  R: "r",
  S: "s",
  SH: "sh",
  T: "t",
  TH: "th",
  V: "v",
  W: "w",
  Y: "y",
  Z: "z",
  ZH: "zh",
};

/** Spellings of vowels: those of LETTERS, and others that people use. */
const VOWELS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(LETTERS)
      .slice(0, 15)
      .map(([phoneme, letters]) => [letters, `${phoneme}1`]),
  ),
  or: "AO1 R",
  ore: "AO1 R",
  ar: "AA1 R",
  air: "EH1 R",
  ear: "IH1 R",
  aa: "AE1",
  eh: "EH1",
  ih: "IH1",
  y: "AY1",
  ie: "AY1",
};

const CONSONANTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(LETTERS)
      .slice(15)
      .map(([phoneme, letters]) => [letters, phoneme]),
  ),
  c: "K",
  ck: "K",
  ss: "S",
  ll: "L",
  gh: "G",
  kw: "K W",
  qu: "K W",
  x: "K S",
};

const alternatives = (table: Readonly<Record<string, string>>): string =>
  Object.keys(table)
    .toSorted((a, b) => b.length - a.length)
    .join("|");
const consonant = new RegExp(alternatives(CONSONANTS), "g");
const SYLLABLE = new RegExp(
  `^((?:${alternatives(CONSONANTS)})*)(${alternatives(VOWELS)})((?:${alternatives(CONSONANTS)})*)$`,
);

/** Final "a", as in "sha": AA if stressed, else a schwa. */
function readFinalA(part: string, isStressed: boolean): string | undefined {
  const onset = /^([b-df-hj-np-tv-z]+)a$/.exec(part)?.[1];
  return onset === undefined ? undefined : readSyllable(`${onset}${isStressed ? "ah" : "uh"}`);
}

/** A syllable spelt by the tables; `undefined` for any other. */
function readSyllable(part: string): string | undefined {
  const [, onset = "", vowel = "", coda = ""] = SYLLABLE.exec(part) ?? [];
  if (vowel === "") return undefined;
  const read = (letters: string): string[] =>
    (letters.match(consonant) ?? []).map((each) => CONSONANTS[each]!);
  return [...read(onset), VOWELS[vowel]!, ...read(coda)].join(" ");
}

const invalid = (text: string, part: string): CallsignError =>
  new CallsignError(
    "INVALID_ARGUMENT",
    `pronunciation: expected syllables in English letters such as "see OR sha", the stressed one in capitals, got ` +
      `${JSON.stringify(text.slice(0, 80))}, where ${JSON.stringify(part)} cannot be read; spell it differently, or give IPA between slashes`,
  );
