import { describe, expect, it } from "vitest";
import { spellNumbers } from "../../../../src/text/spell-numbers.ts";
import { tacotronSymbols } from "../../../../src/voices/engines/waveglow/tacotron-symbols.ts";

describe("tacotronSymbols", () => {
  // Numbers counted out by hand from the symbol set: pad 0, hyphen 1, ten marks to 11, A-Z from 12, a-z from 38, ARPAbet 64-147.
  it.each([
    ["a", [38]],
    ["z", [63]],
    ["Hello", [45, 42, 49, 49, 52]],
    ["go! (now)", [44, 52, 2, 11, 4, 51, 52, 60, 5]],
    ["a-b", [38, 1, 39]],
    ["it's", [46, 57, 3, 56]],
    ["_a~b", [38, 39]],
    ["{AA}", [64]],
    ["{ZH}", [147]],
    ["{HH AH0 L OW1}", [106, 73, 117, 123]],
    ["a {B} c", [38, 11, 88, 11, 40]],
    ["{NOPE}", []],
    ["停止", []],
    ["", []],
  ])("gives %j as %j", (text, numbers) => {
    expect(tacotronSymbols(text)).toEqual(numbers);
  });

  it.each([
    ["Dr.  Smith &  co.", "doctor smith and company"],
    ["Café – naïve", "cafe - naive"],
    ["the doctor", "the doctor"],
    ["21 st. James", "twenty-one saint james"],
  ])("cleans %j as if it were %j", (text, clean) => {
    expect(tacotronSymbols(text)).toEqual(tacotronSymbols(clean));
  });
});

describe("spellNumbers", () => {
  it.each([
    ["0", "zero"],
    ["7", "seven"],
    ["13", "thirteen"],
    ["40", "forty"],
    ["50 metres", "fifty metres"],
    ["99", "ninety-nine"],
    ["100", "one hundred"],
    ["101", "one hundred one"],
    ["1,234,567", "one million two hundred thirty-four thousand five hundred sixty-seven"],
    ["1000000", "one million"],
    ["1984", "nineteen eighty-four"],
    ["1900", "nineteen hundred"],
    ["1905", "nineteen oh five"],
    ["2005", "two thousand five"],
    ["2024", "twenty twenty-four"],
    ["3.14", "three point one four"],
    ["$1", "one dollar"],
    ["$2.50", "two dollars, fifty cents"],
    ["$0.01", "one cent"],
    ["£1.02", "one pound, two pence"],
    ["1st 2nd 3rd 4th", "first second third fourth"],
    ["12th", "twelfth"],
    ["20th", "twentieth"],
    ["21st", "twenty-first"],
    ["100th", "one hundredth"],
    ["007", "zero zero seven"],
    ["1234567890123456", "one two three four five six seven eight nine zero one two three four five six"],
    ["no numbers", "no numbers"],
  ])("reads %s as %s", (text, words) => {
    expect(spellNumbers(text)).toBe(words);
  });
});
