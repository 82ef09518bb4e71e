import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import {
  activeLevel,
  createEspeakEngine,
  onlyAugment,
  parseDataConfig,
  splitVoices,
} from "@callsign/data/internal";
import { describe, expect, it } from "vitest";
import { type Conversation, makeConversations } from "../../src/conversation/conversation.ts";
import { parseChallengeTruth } from "../../src/challenge/truth.ts";

/** No other negatives than sentences: a conversation avoids only these, and drawing the others takes longer than speaking. */
const none = { clips: 0 };
const negatives = { nearMisses: none, partial: none, swapped: none, randomWords: none, foreign: none };

const configWith = (splits: object, { pronunciations = {}, augmentation = {} } = {}) =>
  parseDataConfig(
    {
      seed: 1,
      labels: [{ label: "lights", phrases: ["lights on"] }],
      pronunciations,
      data: { engines: [{ kind: "espeak" }], negatives, augmentation: onlyAugment(augmentation), splits },
    },
    { name: "config" },
  );
const shares = { train: 0.8, validation: 0.1, test: 0.1 };
const config = configWith(shares);

async function make(seed: string, clips: number, from = config): Promise<Conversation[]> {
  const made: Conversation[] = [];
  const options = { config: from, minutes: clips / 8, clips, seed, commandShare: 0.01 };
  const events = makeConversations(options, async (conversation) => {
    made.push(conversation);
  });
  while (!(await events.next()).done);
  return made;
}

describe("makeConversations", () => {
  let first: Conversation | undefined;

  it("gives the same clips again, each with a command, spoken by voices that training never hears", async () => {
    const two = await make("a", 2);
    first = two[0]!;
    const [again, ...more] = await make("a", 1);
    expect(more).toEqual([]);
    expect({ ...again, samples: bytesOf(again!) }).toEqual({ ...two[0], samples: bytesOf(two[0]!) });
    expect(bytesOf(two[1]!)).not.toEqual(bytesOf(two[0]!));
    const splits = splitVoices(await createEspeakEngine(), { seed: 1, shares });
    for (const { truth, said, samples } of two) {
      expect(parseChallengeTruth(truth, { name: "truth" }).numSamples).toBe(samples.length);
      expect(truth.commands.length).toBeGreaterThan(0);
      for (const { voice } of said) expect(splits.get(voice)).toBe("test");
    }
  });

  it("is as loud at its end as at its beginning", async () => {
    // The gain, drawn once a scene, is what made a minute 30 dB louder than the one before.
    const loud = configWith(shares, { augmentation: { gain: { probability: 1, peakDbfs: [-45, -1] } } });
    const made: Conversation[] = [];
    const options = { config: loud, minutes: 2, clips: 1, seed: "level", commandShare: 0.4 };
    const events = makeConversations(options, async (conversation) => void made.push(conversation));
    while (!(await events.next()).done);
    const { samples, truth, said } = made[0]!;
    const levels = [0, 1, 2, 3].map((part) =>
      levelDb(activeLevel(samples.subarray((part * samples.length) / 4, ((part + 1) * samples.length) / 4))),
    );
    // Utterances differ by 6 dB up or down.
    expect(Math.max(...levels) - Math.min(...levels)).toBeLessThan(6);
    expect(new Set(said.map(({ voice }) => voice)).size).toBeGreaterThan(4);
    for (const { startSample, endSample } of truth.commands)
      expect(endSample - startSample).toBeGreaterThan(SAMPLE_RATE_HZ / 4);
    // Something else is said between two commands.
    for (const [i, { text }] of said.entries())
      if (i > 0 && text === "lights on") expect(said[i - 1]!.text).not.toBe("lights on");
  });

  it("says words as the config does, among babble and through the codec where it says so", async () => {
    const plain = bytesOf(first ?? (await make("a", 1))[0]!);
    const changes = [
      { pronunciations: { lights: [{ ipa: "luːts", weight: 1 }] } },
      { augmentation: { babble: { probability: 1 } } },
      { augmentation: { opus: { probability: 1 } } },
    ];
    for (const change of changes) {
      const [changed] = await make("a", 1, configWith(shares, change));
      expect(bytesOf(changed!), JSON.stringify(change)).not.toEqual(plain);
    }
  });

  it("refuses a config that keeps no voices apart", async () => {
    const options = { config: configWith({}), minutes: 1, clips: 1, seed: "a", commandShare: 0.01 };
    await expect(makeConversations(options, () => Promise.resolve()).next()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("data.splits.test is 0"),
    });
  });
});

const levelDb = (level: number): number => 20 * Math.log10(level);

/** Comparing samples one by one takes longer than making them. */
const bytesOf = ({ samples }: Conversation): string =>
  Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString("base64");
