import { describe, expect, it } from "vitest";
import { type BenchResult, findRegressions, parseBaseline, toBaseline } from "@callsign/eval";

const result: BenchResult = {
  model: "galactic",
  machine: { node: "v20.0.0", platform: "linux", cpu: "a core", cores: 2, memoryGiB: 24 },
  stepMs: { p50: 0.1, p99: 0.2 },
  streamsPerCore: 800,
  ratios: { openWakeWordWay: 5.004, livekitWay: 40, publishedWay: 12 },
  allocationBytes: 100,
  startUpMs: 50,
  firstStepMs: 3,
  residentMiB: 100,
};

describe("findRegressions", () => {
  it("finds nothing where ratios are as good, better, or up to 15 % worse", () => {
    const baseline = toBaseline(result);
    expect(baseline.ratios.openWakeWordWay).toBe(5);
    expect(findRegressions(result, baseline)).toEqual([]);
    const ratios = { openWakeWordWay: 4.26, livekitWay: 100, publishedWay: 10.21 };
    expect(findRegressions({ ratios }, baseline)).toEqual([]);
  });

  it("names each ratio that is more than 15 % worse", () => {
    const ratios = { openWakeWordWay: 4.24, livekitWay: 40, publishedWay: 6 };
    expect(findRegressions({ ratios }, toBaseline(result))).toEqual([
      "openWakeWordWay: a step was 5.00 times cheaper and is 4.24 times cheaper, 15 % worse",
      "publishedWay: a step was 12.00 times cheaper and is 6.00 times cheaper, 50 % worse",
    ]);
  });
});

describe("parseBaseline", () => {
  it("reads what toBaseline writes", () => {
    const baseline = toBaseline(result);
    expect(parseBaseline(JSON.stringify(baseline), { name: "baseline.json" })).toEqual(baseline);
    expect(baseline.machine).toBe("a core, 2 cores, Node v20.0.0");
  });

  it.each([
    ["{", "baseline.json: not JSON"],
    ['{"model": "a", "machine": "b", "ratios": {"openWakeWordWay": 0}}', "ratios.openWakeWordWay"],
    ['{"model": "a", "machine": "b", "ratio": {}}', "ratio"],
  ])("refuses %s", (text, message) => {
    expect(() => parseBaseline(text, { name: "baseline.json" })).toThrow(message);
  });
});
