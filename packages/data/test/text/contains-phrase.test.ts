import { describe, expect, it } from "vitest";

import { createPhraseTest } from "@callsign/data/internal";

describe("createPhraseTest", () => {
  it.each([
    ["hey computer", "They said: “HEY, Computer!”", true],
    ["hey computer", "hey-computer's here", true],
    ["hey computer", "They computerised it", false],
    ["hey computer", "hey, my computer", false],
    ["alexa", "Alexandria is far", false],
    ["play station", "A PlayStation, please.", true],
    ["PlayStation", "we play station to station", true],
    ["cafe", "Ein Café.", true],
    ["ok", "book", false],
    ["電脑", "你好電脑吗", true],
    ["", "anything", false],
    ["?!", "what?!", false],
  ])("%j in %j: %s", (phrase, sentence, expected) => {
    expect(createPhraseTest([phrase])(sentence)).toBe(expected);
  });

  it("finds any of several", () => {
    const says = createPhraseTest(["one two", "four"]);
    expect(["zero one two", "three", "three four"].map(says)).toEqual([true, false, true]);
  });
});
