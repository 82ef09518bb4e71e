import { dictionary } from "cmu-pronouncing-dictionary";
import { describe, expect, it } from "vitest";

import { formatIpa, parseIpa } from "../../../src/text/phonetics/ipa.ts";
import { parseRespelling, respell } from "../../../src/text/phonetics/respelling.ts";

const sample = Object.values(dictionary)
  .filter((line, i) => i % 500 === 0 && /1/.test(line) && line.match(/1/g)!.length === 1)
  .map((line) => line.replace(/ *#.*/, ""));
const never = { lookUp: () => undefined, guess: () => undefined };

describe("IPA", () => {
  it("is read as written, for 250 entries of the dictionary", () => {
    expect(sample.length).toBeGreaterThan(200);
    for (const sound of sample)
      expect(parseIpa(formatIpa(sound))).toBe(sound.replaceAll(/(?<!\S)(\S+) \1(?!\S)/g, "$1"));
  });

  it("is read as dictionaries write it, and sounds that English lacks as the nearest", () => {
    expect(parseIpa("/ʃɪˈɔːrʃə/")).toBe("SH IH0 AO1 R SH AH0");
    expect(parseIpa("[ˌnɪmˈbuː.læ]")).toBe("N IH2 M B UW1 L AE0");
    expect(parseIpa("məliˈsɑ̃d")).toBe("M AH0 L IY0 S AA1 N D");
    expect(parseIpa("ʁøːn")).toBe("R ER1 N");
    expect(formatIpa("N AO0 R S T AO1 R")).toBe("nɔɹˈstɔɹ");
  });

  it("is refused with what it should be", () => {
    expect(() => parseIpa("/see9/")).toThrow(/expected IPA such as .*got "\/see9\/" \(9\); correct it/);
    expect(() => parseIpa("st")).toThrow(/no vowel/);
  });
});

describe("respelling", () => {
  it("says where the stress is, and is read as it was meant, but for the secondary stress", () => {
    expect(respell("SH IY0 AO1 R SH AH0")).toBe("shee-AWR-shuh");
    const right = sample.filter((sound) => {
      return (
        parseRespelling(respell(sound), never) ===
        sound.replaceAll("2", "0").replaceAll(/(?<!\S)(\S+) \1(?!\S)/g, "$1")
      );
    });
    expect(right.length / sample.length).toBeGreaterThan(0.95);
  });

  it("is read as people write it", () => {
    expect(parseRespelling("see OR sha", never)).toBe("S IY0 AO1 R SH AH0");
    expect(parseRespelling("ky-OH-mee", never)).toBe("K AY0 OW1 M IY0");
    expect(
      parseRespelling("both KEY", { ...never, lookUp: (part) => ({ key: "K IY1", both: "B OW1 TH" })[part] }),
    ).toBe("B OW0 TH K IY1");
  });

  it("is refused when it is no letters", () => {
    expect(() => parseRespelling("see 0R", never)).toThrow(/expected syllables in English letters .*"0R"/);
  });
});
