import { readAloud } from "../text/spoken-text.ts";

/**
 * A test for sentences in which one of the phrases is said, at word boundaries. Both are read aloud first, so case,
 * accents and punctuation do not count and "10%" finds "ten percent"; nor do spaces count within a phrase ("play station"
 * finds "PlayStation"). In scripts written without spaces every character is a boundary.
 */
export function createPhraseTest(phrases: readonly string[]): (sentence: string) => boolean {
  const wanted = phrases.map((phrase) => wordsOf(phrase).join("")).filter((phrase) => phrase !== "");
  return (sentence) => {
    const words = wordsOf(sentence);
    const joined = words.join("");
    const boundaries = new Set([0]);
    let position = 0;
    for (const word of words) boundaries.add((position += word.length));
    return wanted.some((phrase) => {
      for (let start = joined.indexOf(phrase); start >= 0; start = joined.indexOf(phrase, start + 1))
        if (boundaries.has(start) && boundaries.has(start + phrase.length)) return true;
      return false;
    });
  };
}

const wordsOf = (text: string): readonly string[] => readAloud(text).match(WORD) ?? [];

const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{N}]+/gu;
