import { type AugmentConfigInput, createRandom, onlyAugment } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";
import { makeLessonAudio } from "../../src/lessons/lesson-audio.ts";
import { lessonWords } from "../../src/lessons/lesson-words.ts";

const random = createRandom("talk");
/** Noise of half a second, whose place a cross-correlation finds to the sample. */
const talk = [
  {
    name: "noise",
    text: "noise",
    samples: Float32Array.from({ length: 8000 }, () => 3000 * random.normal()),
  },
];

const make = (augmentation: AugmentConfigInput) =>
  makeLessonAudio({
    talk,
    noises: talk,
    config: { seconds: 2, levelDbfs: [-30, -30], augmentation: onlyAugment(augmentation) },
    random: createRandom(1),
  });

describe("makeLessonAudio", () => {
  it("gives equal versions without a channel, and another speaker to both", async () => {
    const { clean, recorded } = await make({ gain: { probability: 1 } });
    expect(recorded).toEqual(clean);
    const both = await make({ loudspeaker: { probability: 1, snrDb: [0, 0] } });
    expect(both.recorded).toEqual(both.clean);
    expect(both.clean).not.toEqual(clean);
  });

  it("tells where whole words are, and which embeddings are of them", async () => {
    const { clean, words } = await make({});
    expect(words.length).toBeGreaterThan(0);
    for (const { text, start, end } of words) {
      expect([text, end - start]).toEqual(["noise", 8000]);
      expect(clean[start - 1]).toBe(0);
      expect(clean.subarray(start, end).filter((value) => value === 0).length).toBeLessThan(200);
    }
    // Centres of embeddings: 0.38 s, 0.46 s, 0.54 s, ... after the first frame.
    const word = { text: "noise", start: 0.38 * 16_000, end: 0.54 * 16_000 };
    expect(lessonWords([word], { lead: 0 })).toMatchObject([{ first: 0, end: 2 }]);
    expect(lessonWords([word], { lead: 4 })).toMatchObject([{ first: 0, end: 2 }]);
    expect(
      lessonWords(
        [
          { ...word, end: word.start + 16 },
          { ...word, end: word.start },
        ],
        { lead: 0 },
      ),
    ).toHaveLength(1);
  });

  it.each<AugmentConfigInput>([
    { room: { probability: 1 } },
    { equalizer: { probability: 1 } },
    { noise: { probability: 1, snrDb: [10, 10] } },
    { compressor: { probability: 1 } },
    { clipping: { probability: 1 } },
    { telephone: { probability: 1 } },
    { opus: { probability: 1, bitrate: [16_000, 16_000] } },
  ])("keeps the versions in time: $0", async (step) => {
    const { clean, recorded } = await make(step);
    expect(recorded).toHaveLength(clean.length);
    expect(recorded).not.toEqual(clean);
    // A millisecond is a tenth of the hop of log-mel frames.
    expect(Math.abs(delayOf(recorded, clean))).toBeLessThanOrEqual(16);
    expect((await make({})).clean).toEqual(clean);
  });
});

/**
 * Lag of the direct sound, within 20 ms, in samples: the earliest at which the cross-correlation is half its largest or more, since
 * reflections that coincide may be louder than it.
 */
function delayOf(late: Float32Array, early: Float32Array): number {
  const reach = 320;
  const products = Array.from({ length: 2 * reach + 1 }, (_, i) => {
    let sum = 0;
    for (let at = reach; at < early.length - reach; at++) sum += early[at]! * late[at + i - reach]!;
    return sum;
  });
  const largest = Math.max(...products);
  return products.findIndex((product) => product >= largest / 2) - reach;
}
