import { CallsignError } from "@callsign/audio/internal";

/**
 * Reads IPA as English phonemes: sounds of other languages become the nearest ones that English has ("ʁ" is R, "ø" is ER).
 * Slashes, brackets, syllable dots and length marks are ignored. Where no primary stress is marked, the first syllable
 * has it.
 * @returns ARPAbet with stress: `"SH IY0 AO1 R SH AH0"`
 * @throws CallsignError INVALID_ARGUMENT for characters that are no IPA, or none that is a vowel
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
 * One primary stress: the first where several are marked, the first vowel where none is. @returns undefined without a vowel
 */
function withOnePrimary(names: readonly string[]): string | undefined {
  const primary = names.findIndex((name) => name.endsWith("1"));
  const chosen = primary >= 0 ? primary : names.findIndex((name) => /\d$/.test(name));
  if (chosen < 0) return undefined;
  return names.map((name, i) => (i === chosen ? name.replace(/\d$/, "1") : name.replace("1", "2"))).join(" ");
}

/** Writes ARPAbet with stress as IPA: `"ʃiˈɔɹʃə"`. */
export function formatIpa(sound: string): string {
  const names = sound.split(" ");
  let text = "";
  for (const [i, name] of names.entries()) {
    const [, phoneme = name, stress = ""] = /^([A-Z]+)(\d?)$/.exec(name) ?? [];
    const isBroken = phoneme === "AH" || phoneme === "ER";
    const symbol = isBroken && stress === "0" ? REDUCED[phoneme]! : IPA_OF[phoneme]!;
    // Several syllables only: "ˈ" before a word of one says nothing.
    const marked = stress === "1" && names.filter((other) => /\d$/.test(other)).length > 1;
    const mark = marked ? "ˈ" : stress === "2" ? "ˌ" : "";
    if (mark === "" || i === 0) text += mark + symbol;
    else {
      const onset = onsetLength(names.slice(0, i));
      text = insertBefore(text, { symbols: names.slice(i - onset, i), mark }) + symbol;
    }
  }
  return text;
}

/** The mark goes before the consonants that begin the syllable, as dictionaries write it. */
function insertBefore(text: string, { symbols, mark }: { symbols: readonly string[]; mark: string }): string {
  const length = symbols.reduce((sum, name) => sum + IPA_OF[name]!.length, 0);
  return text.slice(0, text.length - length) + mark + text.slice(text.length - length);
}

/** Number of consonants at the end of `names` that begin the syllable of the vowel after them. */
export function onsetLength(names: readonly string[]): number {
  const isConsonant = (name: string | undefined): boolean => name !== undefined && !/\d$/.test(name);
  let before = 0;
  while (isConsonant(names.at(-1 - before))) before++;
  if (before === names.length) return before;
  for (let length = Math.min(before, 3); length > 1; length--)
    if (ONSETS.has(names.slice(-length).join(" "))) return length;
  return before > 0 && names.at(-1) !== "NG" ? 1 : 0;
}

const ONSETS: ReadonlySet<string> = new Set(
  (
    "P R,P L,P Y,B R,B L,B Y,T R,T W,D R,D W,K R,K L,K W,K Y,G R,G L,G W,F R,F L,F Y,TH R,SH R,S P,S T,S K,S M,S N,S L,S W," +
    "V Y,M Y,HH Y,N Y,S P R,S P L,S T R,S K R,S K W"
  ).split(","),
);

/** As it is taken apart; said as x is. */
const C_CEDILLA = "c\u0327";
/** A nasal vowel is the vowel and N. */
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
    // Of other languages.
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

const REDUCED: Readonly<Record<string, string>> = { AH: "ə", ER: "ɚ" };

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
    `pronunciation: expected IPA such as /ʃiˈɔːrʃə/, got ${JSON.stringify(ipa.slice(0, 80))} (${found}); respell it ` +
      `instead, such as "see OR sha"`,
  );
