import { moveStress, stressOf } from "./guess-sounds.ts";

/**
 * Pronunciations of a word with its reduced vowels in full, as their letters are read in most other languages: "computer" with
 * the vowels of "calm" or "cork" first, and with "tair" or "tah" last, also stressed on the first syllable. Many people whose
 * first language is not English say words so; synthesizers of English do not. Empty if no vowel is reduced, for one syllable,
 * and if the letters do not show which vowel they stand for ("rhythm").
 * @param sound of the dictionary, in ARPAbet with stress: `"K AH0 M P Y UW1 T ER0"`
 */
export function withFullVowels(word: string, sound: string): string[] {
  const letters = vowelLetters(word, (sound.match(/\d/g) ?? []).length);
  if (letters === undefined || !REDUCED.test(sound)) return [];
  const rhotic = fill(sound, letters, { vowels: FULL, isRhotic: true });
  const open = fill(sound, letters, { vowels: { ...FULL, o: "AA" }, isRhotic: false });
  const early = stressOf(open).startsWith("1") ? open : moveStress(open, 0);
  return [...new Set([rhotic, open, early])];
}

/** Unstressed "uh", and "er", which has its own vowel letter. */
const REDUCED = /\b(?:AH|ER)0\b/;
const FULL = { a: "AA", e: "EH", i: "IY", o: "AO", u: "UW", y: "IY" };

/** The last vowel letter of each syllable; `undefined` unless every vowel sound has its group of letters. */
function vowelLetters(word: string, syllables: number): string[] | undefined {
  if (syllables < 2) return undefined;
  const groups = word.match(/[aeiou]+|y(?![aeiou])/g) ?? [];
  if (groups.length === syllables + 1 && /[^aeiou]e$/.test(word)) groups.pop();
  return groups.length === syllables ? groups.map((group) => group.at(-1)!) : undefined;
}

/** "er" becomes a vowel and R; if not rhotic, the vowel of "calm" at the end and before consonants. */
function fill(
  sound: string,
  letters: readonly string[],
  { vowels, isRhotic }: { readonly vowels: Readonly<Record<string, string>>; readonly isRhotic: boolean },
): string {
  let syllable = 0;
  const names = sound.split(" ");
  return names
    .map((name, i) => {
      if (!/\d$/.test(name)) return name;
      const full = `${vowels[letters[syllable++]!]}0`;
      if (name === "AH0") return full;
      if (name !== "ER0") return name;
      return isRhotic || /\d$/.test(names[i + 1] ?? "") ? `${full} R` : "AA0";
    })
    .join(" ");
}
