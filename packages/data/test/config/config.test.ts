import { parseDataConfig } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";

const labels = [{ label: "on", phrases: ["light on"] }];
const parse = (value: unknown) => parseDataConfig(value, { name: "x.yaml" });

describe("parseDataConfig", () => {
  it("fills in everything but the labels, and passes other stages' sections through", () => {
    const config = parse({ labels, train: { anything: [1] } });
    expect(config.windowing).toEqual({ kind: "embedding-sequence", embeddings: 16, hopLength: 1280 });
    expect(config.data.engines.map(({ kind }) => kind)).toEqual(["flite", "espeak"]);
    expect(config.data.splits).toEqual({ train: 0.8, validation: 0.2, test: 0, people: 0.25 });
    expect(config.data.augmentation.noise.snrDb).toEqual([0, 30]);
    expect(config.train).toEqual({ anything: [1] });
  });

  it.each<[string, unknown, string]>([
    ["a misspelt key at the top", { lables: labels }, 'did you mean "labels"?'],
    [
      "a misspelt key deep down",
      { labels, data: { negatives: { nearMiss: { clips: 3 } } } },
      'did you mean "nearMisses"?',
    ],
    [
      "a misspelt key of an engine",
      { labels, data: { engines: [{ kind: "espeak", wieght: 2 }] } },
      'did you mean "weight"?',
    ],
    [
      "a wrong type",
      { labels, data: { positives: { copies: "4" } } },
      "data.positives.copies: Invalid input: expected number",
    ],
    ["no labels", { labels: [] }, "labels:"],
    [
      "a label that names negatives",
      { labels: [{ label: "noise", phrases: ["noise"] }] },
      "kept for negatives",
    ],
    [
      "labels that share a folder",
      {
        labels: [
          { label: "Go on", phrases: ["a"] },
          { label: "go-on", phrases: ["b"] },
        ],
      },
      "is there twice",
    ],
    [
      "a phrase under two labels",
      { labels: [...labels, { label: "off", phrases: ["Light on"] }] },
      'is a phrase of "on" already',
    ],
    [
      "other languages without an engine that speaks them",
      { labels, data: { engines: [{ kind: "flite" }], negatives: { foreign: { clips: 1 } } } },
      "x.yaml: data.negatives.foreign: only espeak speaks other languages",
    ],
    [
      "other languages without voices to take",
      { labels, data: { positives: { clipsPerPhrase: 0 }, negatives: { foreign: { clips: 1 } } } },
      "expected { kind: espeak } in data.engines and positives to be synthesized",
    ],
    [
      "splits that do not sum to 1",
      { labels, data: { splits: { train: 0.9 } } },
      "data.splits: expected shares that sum to 1",
    ],
    [
      "a source without licence",
      { labels, data: { noise: [{ source: { path: "n" } }] } },
      "data.noise[0].source.licence",
    ],
    [
      "a pronunciation of a word that no phrase has",
      { labels, pronunciations: { zephyra: [{ ipa: "zəˈfiɹə" }] } },
      "pronunciations.zephyra: expected a word of a phrase (",
    ],
    [
      "a pronunciation that is no IPA",
      { labels: [{ label: "z", phrases: ["hey zephyra"] }], pronunciations: { zephyra: [{ ipa: "zef 9" }] } },
      "pronunciations.zephyra[0].ipa: pronunciation: expected IPA",
    ],
  ])("refuses %s", (_what, value, message) => {
    expect(() => parse(value)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(message) }),
    );
    expect(() => parse(value)).toThrow(/^x\.yaml: ?/);
  });
});
