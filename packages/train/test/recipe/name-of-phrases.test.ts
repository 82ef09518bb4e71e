import { nameOfPhrases } from "@callsign/train/internal";
import { describe, expect, it } from "vitest";

describe("nameOfPhrases", () => {
  it.each([
    [["Café"], "cafe"],
    // The same with the accent as a character of its own, as macOS writes file names.
    [["Cafe\u0301"], "cafe"],
    [["é"], "e"],
    [["Ærø Straße", "Łódź"], "aero-strasse-lodz"],
    // Symbols are named, or phrases that differ would share a folder.
    [["C++"], "c-plus-plus"],
    [["10%"], "ten-percent"],
    [["привет мир"], "привет-мир"],
    // The breve is a part of this letter, as the vowel signs are of these.
    [["йод"], "йод"],
    [["नमस्ते"], "नमस्ते"],
    [["안녕하세요"], "안녕하세요"],
    [["こんにちは ガ"], "こんにちは-ガ"],
    [["ｆｕｌｌ width"], "full-width"],
    [["long ".repeat(30)], "long-".repeat(12).slice(0, -1)],
  ])("makes of %j the name %s", (phrases, name) => {
    expect(nameOfPhrases(phrases)).toBe(name);
  });
});
