/**
 * espeak-ng's names of the phonemes of a pronunciation, separated by spaces. They are those that its English accents share, so
 * that each accent pronounces them in its own way ("o@" is rhotic in American English).
 * @param sound ARPAbet with stress: `"SH IY0 AO1 R SH AH0"` gives `"S i ' o@ S @"`
 */
export function espeakPhonemes(sound: string): string {
  const names = sound.split(" ");
  const result: string[] = [];
  for (let i = 0; i < names.length; i++) {
    const [, phoneme = "", stress = ""] = /^([A-Z]+)(\d?)$/.exec(names[i]!)!;
    if (stress === "1") result.push("'");
    if (stress === "2") result.push(",");
    const coloured = names[i + 1] === "R" ? BEFORE_R[phoneme] : undefined;
    result.push(coloured ?? (stress === "0" ? UNSTRESSED[phoneme] : undefined) ?? NAMES[phoneme]!);
    const linksToVowel = /\d$/.test(names[i + 2] ?? "");
    if (coloured !== undefined && !linksToVowel) i++;
    if (phoneme === "ER" && /\d$/.test(names[i + 1] ?? "")) result.push("r");
  }
  return result.join(" ");
}

const BEFORE_R: Readonly<Record<string, string>> = {
  AA: "A@",
  AO: "o@",
  EH: "e@",
  IH: "i@3",
  IY: "i@3",
  UH: "U@",
};

const UNSTRESSED: Readonly<Record<string, string>> = { AH: "@", ER: "3", IY: "i" };

const NAMES: Readonly<Record<string, string>> = {
  AA: "A:",
  AE: "a",
  AH: "V",
  AO: "O:",
  AW: "aU",
  AY: "aI",
  EH: "E",
  ER: "3:",
  EY: "eI",
  IH: "I",
  IY: "i:",
  OW: "oU",
  OY: "OI",
  UH: "U",
  UW: "u:",
  B: "b",
  CH: "tS",
  D: "d",
  DH: "D",
  F: "f",
  G: "g",
  HH: "h",
  JH: "dZ",
  K: "k",
  L: "l",
  M: "m",
  N: "n",
  NG: "N",
  P: "p",
  R: "r",
  S: "s",
  SH: "S",
  T: "t",
  TH: "T",
  V: "v",
  W: "w",
  Y: "j",
  Z: "z",
  ZH: "Z",
};
