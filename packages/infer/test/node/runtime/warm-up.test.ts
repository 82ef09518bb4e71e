import { describe, expect, it } from "vitest";
import { warmUp, type WarmUpOptions } from "@callsign/infer/node/internal";

/** Warms up something whose runs take these times, the last for ever. */
async function warmUpOf(latenciesMs: readonly number[], options: WarmUpOptions = {}) {
  let nowMs = 1000;
  let runs = 0;
  const result = await warmUp(
    () => {
      nowMs += latenciesMs[Math.min(runs++, latenciesMs.length - 1)]!;
      return Promise.resolve();
    },
    { ...options, clock: () => nowMs },
  );
  expect(result.runs).toBe(runs);
  return result;
}

describe("warmUp", () => {
  it("takes two windows of a steady latency", async () => {
    expect(await warmUpOf([2])).toEqual({ runs: 10, settledMs: 2, firstMs: 2, settled: true });
  });

  it("runs until the slow start is over", async () => {
    // Halving until 1: the last two windows of three that agree are [1 1 1] [1 1 1], or a median within 10 % of it.
    const result = await warmUpOf([64, 32, 16, 8, 4, 2, 1], { window: 3 });
    expect(result).toEqual({ runs: 11, settledMs: 1, firstMs: 64, settled: true });
  });

  it("is not misled by one slow run", async () => {
    expect(await warmUpOf([50, 1, 1, 1, 1, 1, 90, 1])).toMatchObject({
      runs: 10,
      settledMs: 1,
      settled: true,
    });
  });

  it("stops at the limit and reports it", async () => {
    const rising = Array.from({ length: 40 }, (_, i) => 1.5 ** i);
    expect(await warmUpOf(rising, { maxRuns: 20 })).toMatchObject({ runs: 20, settled: false });
  });

  it("passes a failure on", async () => {
    await expect(warmUp(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it.each([[{ window: 0 }], [{ maxRuns: 5 }], [{ tolerance: -1 }], [{ tolerance: NaN }]])(
    "refuses %j",
    async (options) => {
      await expect(warmUp(() => Promise.resolve(), options)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    },
  );
});
