import { describe, expect, it } from "vitest";
import { CallsignError } from "@callsign/audio/internal";
import { formatModelCard, type ModelCard, parseModelCard } from "@callsign/infer/internal";
import { exampleCard, slidingCard } from "../support/example-card.ts";

const name = "models/hello/model.json";

function refusal(json: unknown): CallsignError {
  try {
    parseModelCard(json, { name });
  } catch (error) {
    if (error instanceof CallsignError) return error;
    throw error;
  }
  throw new Error("the card was accepted");
}

/** The example card with values set at dotted paths; undefined takes a field away. */
function changed(changes: Readonly<Record<string, unknown>>): unknown {
  const card: Record<string, unknown> = { ...structuredClone(exampleCard()) };
  for (const [path, value] of Object.entries(changes)) {
    const steps = path.split(".");
    const last = steps.pop()!;
    let at = card;
    for (const step of steps) at = asRecord(at[step]);
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return card;
}

function asRecord(value: unknown): Record<string, unknown> {
  const isRecord = (candidate: unknown): candidate is Record<string, unknown> =>
    typeof candidate === "object";
  if (!isRecord(value)) throw new Error("the example card has no such field");
  return value;
}

describe("parseModelCard", () => {
  it("accepts both windowings, from a value and from text", () => {
    for (const card of [exampleCard(), slidingCard()]) {
      expect(parseModelCard(card, { name })).toEqual(card);
      expect(parseModelCard(JSON.stringify(card), { name })).toEqual(card);
    }
  });

  it("keeps the free training summary, the data's licences and test-time augmentation", () => {
    const extra: Partial<ModelCard> = {
      training: { steps: 1000, nested: { loss: [0.5, 0.1] } },
      testTimeAugmentation: [
        { delay: 0, gainDb: 0 },
        { delay: 640, gainDb: -6 },
      ],
      data: [{ name: "ESC-10", licence: "CC BY 3.0", source: "https://example.org" }],
    };
    expect(parseModelCard(exampleCard(extra), { name })).toMatchObject(extra);
  });

  it("takes a background label, which needs no threshold, and writes cards without one as before", () => {
    const decision = { thresholds: { hello: 0.5 }, patience: 1, refractorySeconds: 0, background: "other" };
    const card = exampleCard({ labels: ["hello", "other"], decision });
    expect(parseModelCard(formatModelCard(card, { name }), { name })).toEqual(card);
    expect(formatModelCard(exampleCard(), { name })).toBe(`${JSON.stringify(exampleCard(), undefined, 2)}\n`);
  });

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ["an unknown background", { "decision.background": "noise" }, /background: "noise" is not among labels/],
    ["nothing but background", { "decision.background": "hello" }, /nothing is left to detect/],
    [
      "a misspelt key",
      { "windowing.hopLenght": 1 },
      /windowing: unknown key "hopLenght"; did you mean "hopLength"\?/,
    ],
    [
      "a misspelt key at the top",
      { lables: [] },
      /at the top: unknown key "lables"; did you mean "labels"\?/,
    ],
    [
      "an unknown key",
      { "decision.zzz": 1 },
      /decision: unknown key "zzz"; known keys: thresholds, patience, refr/,
    ],
    ["a missing field", { "classifier.sha256": undefined }, /classifier\.sha256: .*undefined/],
    ["a wrong type", { "decision.patience": "2" }, /decision\.patience: .*expected number.*got "2"/],
    ["a value out of range", { "decision.patience": 0 }, /decision\.patience: .*>=1, got 0/],
    [
      "a threshold above one",
      { "decision.thresholds.hello": 1.5 },
      /decision\.thresholds\.hello: .*<=1, got 1\.5/,
    ],
    [
      "a label without threshold",
      { labels: ["hello", "bye"] },
      /decision\.thresholds: no threshold for label "bye"/,
    ],
    [
      "a threshold without label",
      { "decision.thresholds.bye": 0.5 },
      /threshold for "bye", which is not among labels/,
    ],
    ["a label twice", { labels: ["hello", "hello"] }, /labels: a label is listed twice/],
    ["no labels", { labels: [], "decision.thresholds": {} }, /labels: .*a list of 0/],
    ["a newer format", { formatVersion: 2 }, /formatVersion: .*newer Callsign, got 2/],
    [
      "a file elsewhere",
      { "classifier.file": "../../etc/passwd" },
      /classifier\.file: expected a plain file name/,
    ],
    ["a folder for a file", { "classifier.file": ".." }, /classifier\.file: expected a plain file name/],
    [
      "a hash that is none",
      { "classifier.sha256": "ABC" },
      /classifier\.sha256: expected a sha256.*got "ABC"/,
    ],
    ["unit-scale audio", { audioScale: "unit" }, /audioScale: .*"int16".*got "unit"/],
    ["another sample rate", { sampleRateHz: 8000 }, /sampleRateHz: .*16000.*got 8000/],
    [
      "an unknown windowing",
      { "windowing.kind": "sliding" },
      /windowing\.kind: .*sliding-audio.*got "sliding"/,
    ],
    [
      "the other windowing's floor",
      { "frontend.floor": "window" },
      /frontend\.floor: windowing embedding-seq.*needs floor chunk/,
    ],
    ["an unknown embedding", { "frontend.embedding.id": "mine" }, /frontend\.embedding\.id: .*got "mine"/],
    [
      "a variant ahead of the audio",
      { testTimeAugmentation: [{ delay: -1, gainDb: 0 }] },
      /testTimeAugmentation.*delay: /,
    ],
    ["no copy at all", { testTimeAugmentation: [] }, /testTimeAugmentation: /],
  ])("names the file, the field and the fault: %s", (_, changes, message) => {
    const error = refusal(changed(changes));
    expect(error.code).toBe("CARD_INVALID");
    expect(error.message).toContain(`${name}:`);
    expect(error.message).toMatch(message);
  });

  it("lists all problems, up to a limit", () => {
    const two = refusal(changed({ name: "", "decision.patience": -1 }));
    expect(two.message).toMatch(/name: .*\n.*decision\.patience:/);
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i]));
    expect(refusal(many).message.length).toBeLessThan(3000);
  });

  it.each([["{"], [""], ["[1,"], ["\u0000\u0001"]])("refuses text that is not JSON: %j", (text) => {
    const error = refusal(text);
    expect(error.code).toBe("CARD_INVALID");
    expect(error.message).toContain("not JSON");
  });

  it.each([[null], [1], ['"text"'], [[]], [undefined]])("refuses %j in place of a card", (value) => {
    expect(refusal(value).code).toBe("CARD_INVALID");
  });
});

describe("formatModelCard", () => {
  it("writes what parseModelCard reads, and checks first", () => {
    const text = formatModelCard(exampleCard(), { name });
    expect(text.endsWith("}\n")).toBe(true);
    expect(parseModelCard(text, { name })).toEqual(exampleCard());
    expect(() => formatModelCard(exampleCard({ labels: [] }), { name })).toThrow(/labels/);
  });
});
