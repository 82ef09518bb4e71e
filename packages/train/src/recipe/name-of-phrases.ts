import { spokenText } from "@callsign/data/internal";

/**
 * File name made from phrases, such as `hey-nimbus-lights-out`. Accents are removed (`café` gives `cafe`); letters of
 * other scripts are kept.
 */
export function nameOfPhrases(phrases: readonly string[]): string {
  const plain = phrases
    .map(spokenOrWritten)
    .join(" ")
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/(?<=\p{Script=Latin})\p{M}+/gu, "")
    .replaceAll(/[ßæœøđðþłıħ]/g, (letter) => UNDECOMPOSED[letter] ?? letter)
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, "-")
    .replaceAll(/^[-\p{M}]+|-+$/gu, "");
  const name = Array.from(plain).slice(0, 60).join("").replace(/-+$/, "");
  return name === "" ? "detector" : name;
}

/**
 * The words of a phrase ("C++" is "c plus plus"), so that phrases of different words have different names. Other scripts,
 * which have no reading, stay as written.
 */
function spokenOrWritten(phrase: string): string {
  const isLatin = /^[\p{Script=Latin}\p{N}\p{M}\p{P}\p{S}\s]*$/u.test(phrase);
  return (isLatin && spokenText(phrase)) || phrase;
}

/** Latin letters that have no Unicode decomposition into letter and accent. */
const UNDECOMPOSED: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  ł: "l",
  ı: "i",
  ħ: "h",
};
