import { outcomeOf } from "@callsign/eval/internal";
import { describe, expect, it } from "vitest";

describe("outcomeOf", () => {
  const track = { name: "a", scores: new Float32Array(10), hopMs: 100 };

  it("takes the first detection within the span, both ends included, and all others for false accepts", () => {
    expect(outcomeOf({ ...track, fromMs: 300, untilMs: 600 }, [1, 2, 5])).toEqual({
      hit: 2,
      falseAccepts: 2,
    });
    expect(outcomeOf({ ...track, fromMs: 400, untilMs: 600 }, [1, 2, 5])).toEqual({
      hit: 5,
      falseAccepts: 2,
    });
    expect(outcomeOf({ ...track, fromMs: 400, untilMs: 500 }, [1, 2, 5]).hit).toBeUndefined();
    expect(outcomeOf(track, [1, 2])).toEqual({ hit: 1, falseAccepts: 1 });
    expect(outcomeOf(track, [])).toEqual({ hit: undefined, falseAccepts: 0 });
  });
});
