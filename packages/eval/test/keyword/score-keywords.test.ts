import { type KeywordRecordings, negativesOf, type Recording } from "@callsign/eval/internal";
import { describe, expect, it } from "vitest";

const recording = (name: string): Recording => ({ path: `/${name}`, name, source: "a", speaker: undefined });
const names = (recordings: KeywordRecordings, key: string): string[] =>
  negativesOf(recordings, key).map(({ name }) => name);

describe("negativesOf", () => {
  const recordings = {
    words: new Map(
      ["alexa", "computer", "hey computer"].map((word) => [word, [recording(`${word}/1.wav`)]] as const),
    ),
    negatives: [recording("talk/1.wav"), recording("talk/2.wav")],
  };

  it("are those shared by all, and crossed the other words that do not contain the label's", () => {
    expect(names(recordings, "computer")).toEqual(["talk/1.wav", "talk/2.wav"]);
    const crossed = { ...recordings, isCrossed: true };
    expect(names(crossed, "computer")).toEqual(["talk/1.wav", "talk/2.wav", "alexa/1.wav"]);
    expect(names(crossed, "hey computer").slice(2)).toEqual(["alexa/1.wav", "computer/1.wav"]);
  });

  it("leave out what a label's pattern matches, and count a file once", () => {
    const exclude = new Map([["alexa", /computer|2/]]);
    const crossed = { ...recordings, isCrossed: true, exclude };
    expect(names(crossed, "alexa")).toEqual(["talk/1.wav"]);
    const twice = { ...crossed, negatives: [...recordings.negatives, recording("alexa/1.wav")] };
    expect(names(twice, "computer").filter((name) => name === "alexa/1.wav")).toHaveLength(1);
  });
});
