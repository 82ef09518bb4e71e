import { evaluateKeyword, type ScoredRecording } from "@callsign/eval/internal";
import { describe, expect, it } from "vitest";

interface Sketch {
  readonly scores: readonly number[];
  readonly source?: string;
  readonly speaker?: string;
  readonly snrDb?: number;
}

/** A recording of one second, its word from 160 to 320 ms, with a score every 80 ms. */
function scored({ scores, source = "words", ...known }: Sketch, index: number): ScoredRecording {
  const name = `${source}/${index}`;
  return {
    recording: { path: name, name, source, speaker: known.speaker },
    track: { name, scores: Float32Array.from(scores), hopMs: 80, fromMs: 160 },
    staged: {
      content: "word",
      mixedSnrDb: undefined,
      seconds: 360,
      speechStartMs: 160,
      speechEndMs: 320,
      snrDb: known.snrDb,
      noise: undefined,
      room: undefined,
    },
  };
}

const positives = [
  // The peak before the word begins is no hit, but a false accept.
  { scores: [0.64, 0.1, 0.1, 0.2, 0.1], snrDb: 5, speaker: "a" },
  { scores: [0, 0, 0.1, 0.8, 0.9], snrDb: 25, speaker: "a" },
  { scores: [0, 0, 0.9, 0.9, 0.9], snrDb: 60, speaker: "b" },
  { scores: [0, 0, 0, 0.5, 0.6], snrDb: 9, speaker: "b" },
].map(scored);
const negatives = [
  { scores: [0.1, 0.85, 0.85, 0.1, 0.1], source: "talk" },
  { scores: [0.1, 0.1, 0.1, 0.1, 0.1], source: "talk" },
  { scores: [0.7, 0, 0, 0, 0.7], source: "songs" },
  ...Array.from({ length: 7 }, () => ({ scores: [0, 0], source: "songs" })),
].map(scored);

const decision = { patience: 1, refractorySeconds: 0.2, threshold: 0.65 };

describe("evaluateKeyword", () => {
  const found = evaluateKeyword({ positives, negatives, decision, atFalseAcceptsPerHour: 1 });

  it("takes the hours of the recordings, and the best threshold that each rate allows", () => {
    // Ten recordings of 360 s.
    expect(found.negativeHours).toBe(1);
    expect(found.positives).toBe(4);
    const at = (rate: number) => found.operatingPoints.find((one) => one.falseAcceptsPerHour === rate);
    // None allowed: above 0.85, two of four are heard. The next false accepts come together with nothing heard.
    expect(at(0.1)).toMatchObject({ misses: 2, falseAccepts: 0 });
    expect(at(1)).toMatchObject({ misses: 2, falseAccepts: 0 });
    expect(at(2)).toMatchObject({ misses: 2, falseAccepts: 0 });
    // Three false accepts, for the two 0.7 are further apart than the refractory period, and 0.64 before a word; down to
    // 0.2 all words are heard.
    expect(at(5)).toMatchObject({ misses: 0, falseAccepts: 4, extraDetections: 1, threshold: 0.2 });
    // An hour shows one an hour, not less.
    expect(found.operatingPoints.map(({ isMeasurable }) => isMeasurable)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    // Garwood's bound at no event, -ln(0.025).
    expect(at(1)!.falseAcceptsInterval.high).toBeCloseTo(3.689, 3);
    // Wilson's formula for 2 of 4 with z = 1.95996, by hand: 0.5 +- 0.34996
    expect(at(1)!.interval.low).toBeCloseTo(0.15004, 4);
    expect(at(1)!.interval.high).toBeCloseTo(0.84996, 4);
  });

  it("has an interval where all recordings are heard, or none", () => {
    const all = [1, 2, 3, 4].map(() => ({ scores: [0, 0, 0.9, 0.95, 0.9] })).map(scored);
    const heard = evaluateKeyword({ positives: all, negatives, decision, atFalseAcceptsPerHour: 1 });
    expect(heard.heard).toEqual([true, true, true, true]);
    // Wilson's bound at 0 of 4: z² / (4 + z²), by hand.
    expect(heard.resampledInterval).toEqual({ low: 0, high: expect.closeTo(0.4899, 4) });
    const none = [1, 2, 3, 4].map(() => ({ scores: [0, 0, 0, 0, 0] })).map(scored);
    const { operatingPoints } = evaluateKeyword({ positives: none, negatives, decision });
    expect(operatingPoints[0]!.resampledInterval).toEqual({ low: expect.closeTo(0.5101, 4), high: 1 });
  });

  it("measures from the end of the word to the end of the step that heard it", () => {
    // At a threshold of 0.9: the second recording's fifth step ends at 400 ms, the third's third at 240.
    expect(found.heard).toEqual([false, true, true, false]);
    expect(found.latenciesMs).toEqual([80, -80]);
  });

  it("counts at the card's threshold", () => {
    expect(found.shipped).toMatchObject({
      threshold: 0.65,
      misses: 2,
      falseAccepts: 3,
      falseAcceptsPerHour: 3,
    });
  });

  it("divides misses by level, voice and source, in an order people expect", () => {
    expect(found.missesBySnr.map(({ group, misses, recordings }) => [group, misses, recordings])).toEqual([
      ["below 10 dB", 2, 2],
      ["20 to 30 dB", 0, 1],
      ["from 50 dB", 0, 1],
    ]);
    expect(found.missesBySpeaker.map(({ group, misses }) => [group, misses])).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
    const loose = evaluateKeyword({ positives, negatives, decision, atFalseAcceptsPerHour: 5 });
    expect(
      loose.falseAcceptsBySource.map(({ group, falseAccepts, hours }) => [group, falseAccepts, hours]),
    ).toEqual([
      ["talk", 1, 0.2],
      ["songs", 2, 0.8],
    ]);
  });

  it("tells how many words were detected twice", () => {
    expect(found.detectedTwice).toEqual({ hits: 2, twice: 0 });
    const again = positives.map((one) => ({
      ...one,
      track: { ...one.track, scores: Float32Array.of(...one.track.scores, 0, 0.95) },
    }));
    const { detectedTwice, shipped } = evaluateKeyword({ positives: again, negatives, decision });
    // Where no false accept is allowed, the threshold is so high that each is heard once.
    expect(detectedTwice).toEqual({ hits: 4, twice: 0 });
    expect(shipped.detectedTwice).toEqual({ hits: 4, twice: 2 });
    expect(shipped.extraDetections).toBe(2);
  });

  it("has no latency where nothing is heard", () => {
    const deaf = positives.map((one) => ({ ...one, track: { ...one.track, scores: new Float32Array(5) } }));
    const { latencyMs, heard } = evaluateKeyword({ positives: deaf, negatives, decision });
    expect(latencyMs).toBeNull();
    expect(heard).toEqual([false, false, false, false]);
  });
});
