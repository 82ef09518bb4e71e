import { assignSplit, onlyAugment, parseDataConfig } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";
import { type Conversation, makeConversations } from "../../src/conversation/conversation.ts";
import { parseChallengeTruth } from "../../src/challenge/truth.ts";

const config = parseDataConfig(
  {
    seed: 1,
    labels: [{ label: "lights", phrases: ["lights on"] }],
    data: { engines: [{ kind: "espeak" }], augmentation: onlyAugment() },
  },
  { name: "config" },
);

async function make(seed: string, clips: number): Promise<Conversation[]> {
  const made: Conversation[] = [];
  const options = { config, minutes: clips / 4, clips, seed, commandShare: 0.01 };
  const events = makeConversations(options, async (conversation) => {
    made.push(conversation);
  });
  while (!(await events.next()).done);
  return made;
}

describe("makeConversations", () => {
  it("gives the same clips again, each with a command, spoken by voices that training never hears", async () => {
    const two = await make("a", 2);
    const [again, ...more] = await make("a", 1);
    expect(more).toEqual([]);
    expect({ ...again, samples: bytesOf(again!) }).toEqual({ ...two[0], samples: bytesOf(two[0]!) });
    expect(bytesOf(two[1]!)).not.toEqual(bytesOf(two[0]!));
    for (const { truth, said, samples } of two) {
      expect(parseChallengeTruth(truth, { name: "truth" }).numSamples).toBe(samples.length);
      expect(truth.commands.length).toBeGreaterThan(0);
      for (const { voice } of said)
        expect(assignSplit(voice, { seed: 1, fractions: config.data.splits })).toBe("test");
    }
  });
});

/** Comparing samples one by one takes longer than making them. */
const bytesOf = ({ samples }: Conversation): string =>
  Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString("base64");
