/**
 * Divides ARPAbet into syllables: as many consonants as can begin an English word go to the vowel after them. A single consonant
 * stays with a preceding vowel of `closed`.
 */
export function syllablesOf(
  names: readonly string[],
  { closed }: { readonly closed?: ReadonlySet<string> } = {},
): string[][] {
  const vowels = names.flatMap((name, i) => (/\d$/.test(name) ? [i] : []));
  const starts = vowels.map((vowel, i) => {
    if (i === 0) return 0;
    const [before = "", ...consonants] = names.slice(vowels[i - 1], vowel);
    const isKept = consonants.length === 1 && closed?.has(before.replace(/\d$/, "")) === true;
    return vowel - (isKept ? 0 : onsetLength(consonants));
  });
  return starts.length === 0 ? [[...names]] : starts.map((start, i) => names.slice(start, starts[i + 1]));
}

/** Digit of a syllable's stress: 1 primary, 2 secondary, 0 none. */
export const stressDigit = (syllable: readonly string[]): string =>
  syllable.find((name) => /\d$/.test(name))?.at(-1) ?? "0";

/** Number of consonants, of those between two vowels, that begin the second syllable. */
function onsetLength(consonants: readonly string[]): number {
  for (let length = Math.min(consonants.length, 3); length > 1; length--)
    if (ONSETS.has(consonants.slice(-length).join(" "))) return length;
  return consonants.length > 0 && consonants.at(-1) !== "NG" ? 1 : 0;
}

const ONSETS: ReadonlySet<string> = new Set(
  (
    "P R,P L,P Y,B R,B L,B Y,T R,T W,D R,D W,K R,K L,K W,K Y,G R,G L,G W,F R,F L,F Y,TH R,SH R,S P,S T,S K,S M,S N,S L,S W," +
    "V Y,M Y,HH Y,N Y,S P R,S P L,S T R,S K R,S K W"
  ).split(","),
);
