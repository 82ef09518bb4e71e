import { readAloud } from "../text/spoken-text.ts";

/**
 * Text as the symbol numbers that NVIDIA's Tacotron 2 was trained on (DeepLearningExamples, tacotron2/text, after
 * keithito/tacotron): pad, hyphen, punctuation, letters, ARPAbet. English is cleaned as there: ASCII, lower case,
 * numbers and abbreviations in words (`readAloud`). `{HH AW1}` is read as ARPAbet; characters outside the set are dropped.
 */
export function tacotronSymbols(text: string): number[] {
  const numbers: number[] = [];
  for (const part of text.split(/(\{[^{}]+\})/)) {
    const phonemes = part.startsWith("{") && part.endsWith("}");
    const symbols = phonemes
      ? part
          .slice(1, -1)
          .trim()
          .split(/\s+/)
          .map((name) => `@${name}`)
      : Array.from(readAloud(part));
    for (const symbol of symbols) {
      const number = symbol === PAD ? undefined : NUMBERS.get(symbol);
      if (number !== undefined) numbers.push(number);
    }
  }
  return numbers;
}

const PAD = "_";

/** CMU pronouncing dictionary: vowels with and without stress, consonants; in the order of its symbols file. */
const ARPABET =
  "AA AA0 AA1 AA2 AE AE0 AE1 AE2 AH AH0 AH1 AH2 AO AO0 AO1 AO2 AW AW0 AW1 AW2 AY AY0 AY1 AY2 B CH D DH EH EH0 EH1 EH2 " +
  "ER ER0 ER1 ER2 EY EY0 EY1 EY2 F G HH IH IH0 IH1 IH2 IY IY0 IY1 IY2 JH K L M N NG OW OW0 OW1 OW2 OY OY0 OY1 OY2 P R S " +
  "SH T TH UH UH0 UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH";

const NUMBERS: ReadonlyMap<string, number> = new Map(
  [
    ...Array.from("_-!'(),.:;? ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    ...ARPABET.split(" ").map((name) => `@${name}`),
  ].map((symbol, number) => [symbol, number]),
);
