import { heardCommands } from "@callsign/eval/internal";
import type { Detector, DetectorStep } from "@callsign/infer/internal";
import { describe, expect, it } from "vitest";

/** One step every 100 ms with these scores for labels a and b; thresholds 0.5. */
const detector = (scores: readonly (readonly [number, number])[]) =>
  ({
    card: { labels: ["a", "b"], decision: { thresholds: { a: 0.5, b: 0.5 } } },
    push: () =>
      Promise.resolve(
        scores.map((pair, i): DetectorStep => ({
          timestampMs: 100 * (i + 1),
          scores: Float32Array.from(pair),
          detections: [],
          model: "m",
          skipped: false,
        })),
      ),
  }) as unknown as Pick<Detector, "card" | "push">;

const hear = (scores: readonly (readonly [number, number])[]) =>
  heardCommands(detector(scores), new Float32Array(0));

describe("heardCommands", () => {
  it("hears nothing below the threshold", async () => {
    expect(
      await hear([
        [0.4, 0.1],
        [0.49, 0.3],
      ]),
    ).toEqual([]);
  });

  it("names a stretch after the label that was surest in it, and bridges a short gap", async () => {
    const heard = await hear([
      [0.5, 0],
      [0.6, 0.2],
      [0, 0],
      [0, 0.75],
      [0.1, 0.1],
    ]);
    expect(heard).toEqual([{ startMs: 100, endMs: 400, label: "b", score: 0.75 }]);
  });

  it("parts stretches that lie further apart", async () => {
    const heard = await hear([
      [0.75, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0.625],
    ]);
    expect(heard.map(({ label, startMs }) => [label, startMs])).toEqual([
      ["a", 100],
      ["b", 500],
    ]);
  });
});
