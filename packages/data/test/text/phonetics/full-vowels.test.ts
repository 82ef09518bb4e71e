import { describe, expect, it } from "vitest";
import { withFullVowels } from "../../../src/text/phonetics/full-vowels.ts";

describe("withFullVowels", () => {
  it.each([
    [
      "computer",
      "K AH0 M P Y UW1 T ER0",
      ["K AO0 M P Y UW1 T EH0 R", "K AA0 M P Y UW1 T AA0", "K AA1 M P Y UW0 T AA0"],
    ],
    ["alexa", "AH0 L EH1 K S AH0", ["AA0 L EH1 K S AA0", "AA1 L EH0 K S AA0"]],
    // Stressed first already; "er" keeps its R before a vowel.
    ["battery", "B AE1 T ER0 IY0", ["B AE1 T EH0 R IY0"]],
    ["assemble", "AH0 S EH1 M B AH0 L", ["AA0 S EH1 M B EH0 L", "AA1 S EH0 M B EH0 L"]],
  ])("reads the letters of %s for its reduced vowels", (word, sound, expected) => {
    expect(withFullVowels(word, sound)).toEqual(expected);
  });

  it.each([
    ["no vowel is reduced", "yellow", "Y EH1 L OW0"],
    ["one syllable", "the", "DH AH0"],
    ["letters do not show the vowel", "rhythm", "R IH1 DH AH0 M"],
  ])("is empty where %s", (_, word, sound) => {
    expect(withFullVowels(word, sound)).toEqual([]);
  });
});
