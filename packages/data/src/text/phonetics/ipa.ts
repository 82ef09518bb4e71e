import { CallsignError } from "@callsign/audio/internal";

import { stressDigit, syllablesOf } from "./syllables.ts";

/**
 * Reads IPA as English phonemes: sounds of other languages become the nearest ones that English has ("ʁ" is R, "ø" is ER).
 * Slashes, brackets, syllable dots and length marks are ignored. Where no primary stress is marked, the first syllable
 * has it.
 * @returns ARPAbet with stress: `"SH IY0 AO1 R SH AH0"`
 * @throws CallsignError INVALID_ARGUMENT for characters that are not IPA, and without a vowel
 */
export function parseIpa(ipa: string): string {
  const text = ipa
    .normalize("NFD")
    .replaceAll(C_CEDILLA, "x")
    .replaceAll(NASAL, "n")
    .replaceAll(IGNORED, "")
    .replaceAll("g", "ɡ");
  const names: string[] = [];
  let stress = "";
  for (let at = 0; at < text.length;) {
    const mark = STRESS_MARKS[text[at]!];
    const symbol = mark ?? LONGEST_FIRST.find((known) => text.startsWith(known, at));
    if (symbol === undefined) throw invalid(ipa, text.slice(at, at + 1));
    at += mark === undefined ? symbol.length : 1;
    if (mark !== undefined) stress = mark;
    else
      for (const name of SYMBOLS.get(symbol)!.split(" ")) {
        const vowel = name.endsWith("*");
        if (!vowel && name === names.at(-1)) continue;
        names.push(vowel ? `${name.slice(0, -1)}${stress || "0"}` : name);
        if (vowel) stress = "";
      }
  }
  return withOnePrimary(names.filter((name) => name !== "")) ?? fail(ipa);
}

/**
 * Leaves one primary stress: the first if several are marked; on the first vowel if none is. @returns undefined without a vowel
 */
function withOnePrimary(names: readonly string[]): string | undefined {
  const primary = names.findIndex((name) => name.endsWith("1"));
  const chosen = primary >= 0 ? primary : names.findIndex((name) => /\d$/.test(name));
  if (chosen < 0) return undefined;
  return names.map((name, i) => (i === chosen ? name.replace(/\d$/, "1") : name.replace("1", "2"))).join(" ");
}

/** Writes ARPAbet with stress as IPA: `"ʃiˈɔɹʃə"`. */
export function formatIpa(sound: string): string {
  const syllables = syllablesOf(sound.split(" "));
  return syllables
    .map((names) => {
      const stress = stressDigit(names);
      // No mark in a word of one syllable.
      const mark = stress === "2" ? "ˌ" : stress === "1" && syllables.length > 1 ? "ˈ" : "";
      return mark + names.map(symbolOf).join("");
    })
    .join("");
}

const symbolOf = (name: string): string => REDUCED[name] ?? IPA_OF[name.replace(/\d$/, "")]!;

/** "ç" in NFD; read as "x". */
const C_CEDILLA = "c\u0327";
/** Combining tilde: a nasal vowel is read as the vowel and N. */
const NASAL = /\u0303/g;
const IGNORED = /[/[\]().\s_ːˑʰʲʷʼ‿|-]|\p{M}/gu;
const STRESS_MARKS: Readonly<Record<string, string>> = { ˈ: "1", "'": "1", ˌ: "2" };

/** ARPAbet of each symbol; `*` marks a vowel, which takes the stress. */
const SYMBOLS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    // Vowels and diphthongs of English.
    i: "IY*",
    ɪ: "IH*",
    ᵻ: "IH*",
    eɪ: "EY*",
    ei: "EY*",
    ɛ: "EH*",
    e: "EH*",
    æ: "AE*",
    ɑ: "AA*",
    a: "AA*",
    ɒ: "AA*",
    ɔ: "AO*",
    ɔɪ: "OY*",
    ɔi: "OY*",
    oɪ: "OY*",
    oi: "OY*",
    oʊ: "OW*",
    əʊ: "OW*",
    ou: "OW*",
    o: "OW*",
    ʊ: "UH*",
    u: "UW*",
    ʌ: "AH*",
    ə: "AH*",
    ɐ: "AH*",
    ɜ: "ER*",
    ɜɹ: "ER*",
    ɜr: "ER*",
    ɝ: "ER*",
    ɚ: "ER*",
    aɪ: "AY*",
    ai: "AY*",
    aʊ: "AW*",
    au: "AW*",
    eə: "EH* R",
    ɪə: "IH* R",
    ʊə: "UH* R",
    // Vowels of other languages.
    y: "UW*",
    ɨ: "IH*",
    ʉ: "UW*",
    ɯ: "UW*",
    ɤ: "AH*",
    ʏ: "UH*",
    ø: "ER*",
    œ: "ER*",
    // Consonants.
    p: "P",
    b: "B",
    t: "T",
    d: "D",
    k: "K",
    ɡ: "G",
    m: "M",
    n: "N",
    ŋ: "NG",
    f: "F",
    v: "V",
    θ: "TH",
    ð: "DH",
    s: "S",
    z: "Z",
    ʃ: "SH",
    ʒ: "ZH",
    h: "HH",
    tʃ: "CH",
    dʒ: "JH",
    ɹ: "R",
    r: "R",
    l: "L",
    j: "Y",
    w: "W",
    ʔ: "",
    ɫ: "L",
    ɾ: "R",
    ʁ: "R",
    ʀ: "R",
    ɻ: "R",
    ʎ: "Y",
    ɲ: "N Y",
    ɥ: "W",
    ts: "T S",
    dz: "D Z",
    tɕ: "CH",
    dʑ: "JH",
    ɕ: "SH",
    ʑ: "ZH",
    ʂ: "SH",
    ʐ: "ZH",
    x: "HH",
    χ: "HH",
    ɣ: "G",
    β: "B",
    ɸ: "F",
    ʋ: "V",
    ʝ: "Y",
    ɟ: "JH",
    c: "K",
    ɬ: "L",
    ʈ: "T",
    ɖ: "D",
    ɳ: "N",
  }).map(([symbol, names]) => [symbol.normalize("NFD").replaceAll(IGNORED, ""), names]),
);

const LONGEST_FIRST = [...SYMBOLS.keys()].toSorted((a, b) => b.length - a.length);

const REDUCED: Readonly<Record<string, string>> = { AH0: "ə", ER0: "ɚ" };

const IPA_OF: Readonly<Record<string, string>> = Object.fromEntries(
  (
    "AA ɑ,AE æ,AH ʌ,AO ɔ,AW aʊ,AY aɪ,EH ɛ,ER ɝ,EY eɪ,IH ɪ,IY i,OW oʊ,OY ɔɪ,UH ʊ,UW u,B b,CH tʃ,D d,DH ð,F f,G ɡ,HH h,JH dʒ,K k," +
    "L l,M m,N n,NG ŋ,P p,R ɹ,S s,SH ʃ,T t,TH θ,V v,W w,Y j,Z z,ZH ʒ"
  )
    .split(",")
    .map((pair) => pair.split(" ")),
);

function fail(ipa: string): never {
  throw invalid(ipa, "no vowel");
}

const invalid = (ipa: string, found: string): CallsignError =>
  new CallsignError(
    "INVALID_ARGUMENT",
    `pronunciation: expected IPA such as /ʃiˈɔːrʃə/, got ${JSON.stringify(ipa.slice(0, 80))} (${found}); correct it, or ` +
      `give syllables such as "see OR sha" to --sounds-like`,
  );
