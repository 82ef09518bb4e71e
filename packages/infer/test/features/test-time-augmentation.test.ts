import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AudioVariant,
  type Detector,
  type DetectorStep,
  type ModelCard,
} from "@callsign/infer/internal";
import { exampleCard, slidingCard } from "../support/example-card.ts";
import { makeDetector } from "../support/make-detector.ts";
import { makeSet } from "../support/make-set.ts";
import { noise } from "../../../../test-support/noise.ts";

const COPIES: readonly AudioVariant[] = [
  { delay: 0, gainDb: 0 },
  { delay: 700, gainDb: 0 },
  { delay: 1500, gainDb: -6 },
];
const SAMPLES = noise(50_000);

const scoresOf = (steps: readonly DetectorStep[]): number[][] => steps.map(({ scores }) => [...scores]);

const withCopies = (card: ModelCard): ModelCard => ({ ...card, testTimeAugmentation: [...COPIES] });

/** The audio `delay` samples later and `gainDb` louder, by hand. */
const heardAs = ({ delay, gainDb }: AudioVariant): Float32Array =>
  Float32Array.from(SAMPLES, (_, i) =>
    i < delay ? 0 : (SAMPLES[i - delay]! / 32_768) * 10 ** (gainDb / 20),
  );

describe.each([
  ["embedding-sequence", exampleCard({ labels: ["a", "b"], decision: decisionOf("a", "b") })],
  ["sliding-audio", slidingCard({ labels: ["a", "b"], decision: decisionOf("a", "b") })],
])("a card's testTimeAugmentation, %s", (_, card) => {
  let plain: Detector;
  let augmented: Detector;
  let mean: number[][];

  beforeAll(async () => {
    plain = await makeDetector(card);
    augmented = await makeDetector(withCopies(card));
    const each = await Promise.all(
      COPIES.map(async (copy) => scoresOf(await plain.open().push(heardAs(copy)))),
    );
    mean = each[0]!.map((row, step) =>
      row.map((__, label) => each.reduce((sum, scores) => sum + scores[step]![label]!, 0) / COPIES.length),
    );
  });
  afterAll(() => Promise.all([plain.dispose(), augmented.dispose()]));

  it("gives the mean of the variants' scores, for streams and clips", async () => {
    const streamed = scoresOf(await augmented.open().push(SAMPLES));
    expect(streamed).toHaveLength(mean.length);
    expect(streamed.flat()).toBeAllClose(mean.flat(), { atol: 1e-6, rtol: 0 });
    expect(scoresOf(await augmented.detectClip(SAMPLES)).flat()).toBeAllClose(mean.flat(), {
      atol: 1e-5,
      rtol: 0,
    });
    // And it is not what the audio as it is scores.
    const asItIs = scoresOf(await plain.open().push(SAMPLES)).flat();
    const apart = asItIs.map((score, i) => Math.abs(score - mean.flat()[i]!));
    expect(Math.max(...apart)).toBeGreaterThan(1e-4);
  });

  it("restarts after a reset and a rehearsal", async () => {
    const stream = augmented.open();
    const first = scoresOf(await stream.push(SAMPLES));
    await stream.reset();
    await augmented.rehearse();
    expect(scoresOf(await stream.push(SAMPLES))).toEqual(first);
  });

  it("gives concurrent streams the scores of each alone", async () => {
    const alone = scoresOf(await augmented.open().push(SAMPLES));
    const together = await Promise.all(Array.from({ length: 5 }, () => augmented.open().push(SAMPLES)));
    for (const steps of together)
      expect(scoresOf(steps).flat()).toBeAllClose(alone.flat(), { atol: 1e-6, rtol: 0 });
  });

  it("is each model's own in a set, and survives a level gate", async () => {
    const cards = [card, { ...withCopies(card), name: "augmented" }];
    const set = await makeSet(cards);
    const quiet = SAMPLES.map((sample, i) => (i > 8000 && i < 42_000 ? sample / 3000 : sample));
    const open = set.open();
    const gated = set.open({ levelGate: { holdSeconds: 0.1, alwaysAboveDb: -40 } });
    const all = await open.push(quiet);
    const some = await gated.push(quiet);
    const alone = scoresOf(await augmented.open().push(quiet));
    const own = all.filter(({ model }) => model === "augmented");
    expect(own.flatMap(({ scores }) => [...scores])).toBeAllClose(alone.flat(), { atol: 1e-6, rtol: 0 });
    expect(some.some(({ skipped }) => skipped)).toBe(true);
    const heard = some.flatMap((step, i) => (step.skipped ? [] : [i]));
    // The audio is heard again after the silence.
    expect(heard.at(-1)).toBe(some.length - 1);
    for (const i of heard) expect([...some[i]!.scores]).toEqual([...all[i]!.scores]);
    await set.dispose();
  });
});

it("models of a detector use the latest embeddings of shared variants", async () => {
  const long = withCopies(exampleCard());
  const short: ModelCard = {
    ...long,
    name: "short",
    windowing: { kind: "embedding-sequence", embeddings: 4, hopLength: 1280 },
  };
  const set = await makeSet([long, short]);
  const steps = await set.open().push(SAMPLES);
  const alone = await makeDetector(short);
  const expected = scoresOf(await alone.push(SAMPLES));
  const own = steps.filter(({ model }) => model === "short");
  expect(own.flatMap(({ scores }) => [...scores])).toBeAllClose(expected.flat(), { atol: 1e-6, rtol: 0 });
  await alone.dispose();
  await set.dispose();
});

function decisionOf(...labels: readonly string[]): ModelCard["decision"] {
  return {
    thresholds: Object.fromEntries(labels.map((label) => [label, 0.5])),
    patience: 1,
    refractorySeconds: 0,
  };
}
