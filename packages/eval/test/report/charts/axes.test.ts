import { describe, expect, it } from "vitest";
import { logTicks } from "../../../src/report/charts/axes.ts";

describe("logTicks", () => {
  it("are 1, 2 and 5 of each decade within the range, its ends included", () => {
    expect(logTicks(0.2, 20)).toEqual([0.2, 0.5, 1, 2, 5, 10, 20]);
    expect(logTicks(3, 4)).toEqual([]);
  });
});
