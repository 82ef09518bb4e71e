import { firstHit } from "@callsign/eval/internal";
import { describe, expect, it } from "vitest";

describe("firstHit", () => {
  const track = { name: "a", scores: new Float32Array(10), hopMs: 100 };

  it("takes the first detection within the span, both ends included", () => {
    expect(firstHit({ ...track, fromMs: 300, untilMs: 600 }, [1, 2, 5])).toBe(2);
    expect(firstHit({ ...track, fromMs: 400, untilMs: 600 }, [1, 2, 5])).toBe(5);
    expect(firstHit({ ...track, fromMs: 400, untilMs: 500 }, [1, 2, 5])).toBeUndefined();
    expect(firstHit(track, [1, 2])).toBe(1);
  });
});
