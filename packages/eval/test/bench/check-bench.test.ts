import { describe, expect, it } from "vitest";
import { type BenchResult, findRegressions, parseBaseline, toBaseline } from "@callsign/eval/internal";

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
    expect(baseline.machines[0]!.ratios.openWakeWordWay).toBe(5);
    expect(findRegressions(result, baseline)).toEqual([]);
    const ratios = { openWakeWordWay: 4.26, livekitWay: 100, publishedWay: 10.21 };
    expect(findRegressions({ ...result, ratios }, baseline)).toEqual([]);
  });

  it("names each ratio that is more than 15 % worse", () => {
    const ratios = { openWakeWordWay: 4.24, livekitWay: 40, publishedWay: 6 };
    expect(findRegressions({ ...result, ratios }, toBaseline(result))).toEqual([
      "openWakeWordWay: a step was 5.00 times cheaper and is 4.24 times cheaper, 15 % worse",
      "publishedWay: a step was 12.00 times cheaper and is 6.00 times cheaper, 50 % worse",
    ]);
  });

  it("takes another tolerance, on any processor", () => {
    const ratios = { openWakeWordWay: 2.8, livekitWay: 22, publishedWay: 6 };
    for (const cpu of ["a core", "a third"]) {
      const measured = { ratios, machine: { ...result.machine, cpu } };
      expect(findRegressions(measured, toBaseline(result), { tolerance: 0.45 })).toEqual([
        "publishedWay: a step was 12.00 times cheaper and is 6.00 times cheaper, 50 % worse",
      ]);
    }
  });

  it("goes by the processor; on another one by the lowest ratio of all, with 40 %", () => {
    const slow = { openWakeWordWay: 2, livekitWay: 40, publishedWay: 12 };
    const two = toBaseline(
      { ...result, ratios: slow, machine: { ...result.machine, cpu: "a slow core" } },
      toBaseline(result),
    );
    expect(two.machines.map(({ cpu }) => cpu)).toEqual(["a core", "a slow core"]);
    const on = (cpu: string, openWakeWordWay: number) => {
      const measured = {
        ratios: { ...result.ratios, openWakeWordWay },
        machine: { ...result.machine, cpu },
      };
      return findRegressions(measured, two).length;
    };
    expect([on("a core", 4.3), on("a core", 4.2)]).toEqual([0, 1]);
    expect([on("a slow core", 1.71), on("a slow core", 1.69)]).toEqual([0, 1]);
    expect([on("a third", 1.21), on("a third", 1.19)]).toEqual([0, 1]);
    expect(toBaseline(result, two).machines.map(({ cpu }) => cpu)).toEqual(["a slow core", "a core"]);
    expect(toBaseline({ ...result, model: "other" }, two).machines).toHaveLength(1);
  });
});

describe("parseBaseline", () => {
  it("reads what toBaseline writes", () => {
    const baseline = toBaseline(result);
    expect(parseBaseline(JSON.stringify(baseline), { name: "baseline.json" })).toEqual(baseline);
  });

  it.each([
    ["{", "baseline.json: not JSON"],
    [
      '{"model": "a", "machines": [{"cpu": "b", "ratios": {"openWakeWordWay": 0}}]}',
      "ratios.openWakeWordWay",
    ],
    ['{"model": "a", "machines": [{"cpu": "b", "ratio": {}}]}', "ratio"],
    ['{"model": "a", "machines": []}', "machines"],
  ])("refuses %s", (text, message) => {
    expect(() => parseBaseline(text, { name: "baseline.json" })).toThrow(message);
  });
});
