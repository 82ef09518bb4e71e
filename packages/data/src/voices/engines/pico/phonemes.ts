import type { PicoLanguage } from "./language-files.ts";

/**
 * A word's pronunciation in the X-SAMPA that Pico's markup takes (pico/tests/data/xsampa_pico_man_*.txt of its sources).
 * British voices drop an R that no vowel follows.
 * @param sound ARPAbet with stress: `"AH0 L EH1 K S AH0"` gives `@."lE.ks@`
 */
export function picoPhonemes(sound: string, language: PicoLanguage): string {
  const names = sound
    .split(" ")
    .map((name) => ({ phoneme: name.replace(/\d$/, ""), stress: /\d$/.exec(name)?.[0] }));
  const isVowel = (at: number): boolean => (names[at]?.phoneme ?? "") in VOWELS;
  const isLastR = (at: number): boolean => names[at]?.phoneme === "R" && !isVowel(at + 1);
  const marks = syllableMarks(names);
  const written = names.map(({ phoneme, stress }, at) => {
    if (language === "en-GB") {
      if (isLastR(at)) return "";
      if (isLastR(at + 1) && phoneme in BRITISH_BEFORE_R) return BRITISH_BEFORE_R[phoneme];
      if (phoneme in BRITISH) return BRITISH[phoneme];
    }
    const unstressed = stress === "0" ? UNSTRESSED[phoneme] : undefined;
    return unstressed ?? VOWELS[phoneme] ?? CONSONANTS[phoneme] ?? phoneme.toLowerCase();
  });
  return written.map((symbol, at) => `${marks.get(at) ?? ""}${symbol}`).join("");
}

interface Sound {
  readonly phoneme: string;
  readonly stress: string | undefined;
}

/** What is written before the first sound of each syllable: a full stop between syllables, and the stress. */
function syllableMarks(names: readonly Sound[]): Map<number, string> {
  const marks = new Map<number, string>();
  let last = -1;
  for (const [at, { phoneme, stress = "" }] of names.entries()) {
    if (!(phoneme in VOWELS)) continue;
    const start = last < 0 ? 0 : onsetOf(names, { at, after: last });
    marks.set(start, `${last < 0 ? "" : "."}${STRESS[stress] ?? ""}`);
    last = at;
  }
  return marks;
}

/** Where the syllable of the vowel at `at` begins: the longest onset that English allows. */
function onsetOf(
  names: readonly Sound[],
  { at, after }: { readonly at: number; readonly after: number },
): number {
  let start = at;
  while (
    start - 1 > after &&
    ONSET.test(
      names
        .slice(start - 1, at)
        .map(({ phoneme }) => phoneme)
        .join(" "),
    )
  )
    start--;
  return start;
}

const ONSET =
  /^(?:(?:B|CH|D|DH|F|G|HH|JH|K|L|M|N|P|R|S|SH|T|TH|V|W|Y|Z|ZH)|(?:S )?[PTK] [RLWY]|[BDGFV] [RLWY]|(?:TH|SH) [RW]|[MNH]H? Y|S (?:P|T|K|M|N|L|W|F))$/;

const STRESS: Readonly<Record<string, string>> = { 1: '"', 2: "%" };

const UNSTRESSED: Readonly<Record<string, string>> = { AH: "@", ER: "@`" };

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

/** Those that are not written as in ARPAbet, in lower case. */
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
