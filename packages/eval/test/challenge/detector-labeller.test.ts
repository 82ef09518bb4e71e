import { type DetectorStep, type ModelCard, parseModelCard } from "@callsign/infer/internal";
import { describe, expect, it } from "vitest";
import { createDetectorLabeller } from "../../src/challenge/detector-labeller.ts";

const frame = new Float32Array(512);

/** A detector that answers each push with these steps' scores. */
function scripted(thresholds: Record<string, number>, pushes: readonly (readonly number[][])[]) {
  let at = 0;
  let rehearsals = 0;
  const push = (): Promise<DetectorStep[]> =>
    Promise.resolve(
      pushes[at++]!.map((scores) => ({
        timestampMs: 0,
        scores: Float32Array.from(scores),
        detections: [],
        model: "m",
        skipped: false,
      })),
    );
  const rehearse = async (): Promise<void> => void rehearsals++;
  return { card: cardOf(thresholds), push, rehearse, rehearsals: () => rehearsals };
}

const cardOf = (thresholds: Record<string, number>): ModelCard =>
  parseModelCard(
    {
      formatVersion: 1,
      name: "scripted",
      labels: Object.keys(thresholds),
      classifier: { file: "model.onnx", sha256: "0".repeat(64), bytes: 1 },
      frontend: {
        id: "callsign-log-mel-1",
        floor: "window",
        embedding: { id: "google-speech-embedding", sha256: "1".repeat(64) },
      },
      audioScale: "int16",
      sampleRateHz: 16_000,
      windowing: { kind: "sliding-audio", windowLength: 13_000, hopLength: 512 },
      decision: { thresholds, patience: 3, refractorySeconds: 10 },
      createdBy: { tool: "test", version: "0" },
    },
    { name: "card" },
  );

async function labelsOf(detector: ReturnType<typeof scripted>, frames: number): Promise<boolean[]> {
  const labeller = createDetectorLabeller(detector);
  const muted: boolean[] = [];
  for (let i = 0; i < frames; i++) muted.push((await labeller.label(frame)).muted);
  return muted;
}

describe("createDetectorLabeller", () => {
  it("passes over the background's score", async () => {
    const detector = scripted({ on: 0.5, other: 0.5 }, [[[0.1, 0.9]], [[0.6, 0.4]]]);
    const { decision } = detector.card;
    const card = { ...detector.card, decision: { ...decision, background: "other" } };
    const labeller = createDetectorLabeller({ ...detector, card });
    expect([await labeller.label(frame), await labeller.label(frame)]).toEqual([
      { muted: false, score: Math.fround(0.1) },
      { muted: true, score: Math.fround(0.6) },
    ]);
  });

  it("mutes from the threshold on, whatever patience and refractory period say", async () => {
    // 0.73 in float32 is a little more than 0.73, 0.27 a little more too; a score equal to the threshold counts.
    const pushes = [[[0.72]], [[0.73]], [[0.9]], [[0.1]]];
    expect(await labelsOf(scripted({ galactic: 0.73 }, pushes), 4)).toEqual([false, true, true, false]);
    expect(await labelsOf(scripted({ galactic: 0.1 }, [[[0.1]], [[0.099]]]), 2)).toEqual([true, false]);
    // float32(0.7) = 0.699999988 lies below 0.7 and still counts.
    expect(await labelsOf(scripted({ galactic: 0.7 }, [[[0.7]]]), 1)).toEqual([true]);
  });

  it("keeps the last answer through frames without a step, and goes by the last of several", async () => {
    const pushes = [[], [[0.9]], [], [[0.9], [0.2]], []];
    expect(await labelsOf(scripted({ a: 0.5 }, pushes), 5)).toEqual([false, true, true, false, false]);
  });

  it("mutes on any label by that label's own threshold", async () => {
    const detector = scripted({ a: 0.9, b: 0.3 }, [[[0.8, 0.2]], [[0.1, 0.4]], [[0.95, 0]]]);
    const labeller = createDetectorLabeller(detector);
    expect(labeller.threshold).toBe(null);
    const answers = [await labeller.label(frame), await labeller.label(frame), await labeller.label(frame)];
    expect(answers.map(({ muted }) => muted)).toEqual([false, true, true]);
    expect(answers.map(({ score }) => score)).toBeAllClose([0.8, 0.4, 0.95], { rtol: 1e-6 });
  });

  it("tells its threshold and warms up without a push", async () => {
    const detector = scripted({ a: 0.5 }, []);
    const labeller = createDetectorLabeller(detector);
    expect(labeller.threshold).toBe(0.5);
    await labeller.warmUp!();
    expect(detector.rehearsals()).toBeGreaterThan(1);
  });
});
