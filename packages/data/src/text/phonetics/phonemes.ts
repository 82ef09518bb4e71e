/**
 * The 39 phonemes of the CMU dictionary (ARPAbet, stress left out) in a fixed order: a phoneme is its index here.
 * http://www.speech.cs.cmu.edu/cgi-bin/cmudict
 */
export const PHONEMES: readonly string[] =
  "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split(
    " ",
  );

/** A sequence of phoneme indices. */
export type Phonemes = Uint8Array;

const VOWELS = 15;

/** Whether the phoneme is a vowel; their number is the number of syllables. */
export const isVowel = (phoneme: number): boolean => phoneme < VOWELS;

/** Index of each name, without stress and with each of its digits. */
const indexOf = new Map(
  PHONEMES.flatMap((name, index) =>
    ["", "0", "1", "2"].map((stress) => [`${name}${stress}`, index] as const),
  ),
);

/** `"L EH1 K S AH0"`, stress digits optional, a comment after `#` ignored. Names that are no phoneme are left out. */
export function parsePhonemes(arpabet: string): Phonemes {
  const comment = arpabet.indexOf("#");
  const names = (comment < 0 ? arpabet : arpabet.slice(0, comment)).split(" ");
  const indices: number[] = [];
  for (const name of names) {
    const index = indexOf.get(name);
    if (index !== undefined) indices.push(index);
  }
  return new Uint8Array(indices);
}

/** `"L EH K S AH"`. */
export const formatPhonemes = (phonemes: Phonemes): string =>
  Array.from(phonemes, (phoneme) => PHONEMES[phoneme] ?? "?").join(" ");

/** Vowels come before consonants in PHONEMES. */
export const countSyllables = (phonemes: Phonemes): number =>
  phonemes.reduce((count, phoneme) => count + (isVowel(phoneme) ? 1 : 0), 0);
