import { expect, it } from "vitest";
import { RequestBatcher } from "../../src/runtime/request-batcher.ts";

/** Takes its time over each run, and fails runs with a negative request. */
function recording(): { runs: number[][]; run: (requests: readonly number[]) => Promise<void> } {
  const runs: number[][] = [];
  return {
    runs,
    run: async (requests) => {
      runs.push([...requests]);
      await new Promise((resolve) => setImmediate(resolve));
      if (requests.some((request) => request < 0)) throw new Error(`refused ${requests.join(", ")}`);
    },
  };
}

it("RequestBatcher runs the first at once and what is asked meanwhile together, so many at most", async () => {
  const { runs, run } = recording();
  const batcher = new RequestBatcher(run, 3);
  await Promise.all([1, 2, 3, 4, 5, 6].map((request) => batcher.submit(request)));
  await batcher.submit(7);
  expect(runs).toEqual([[1], [2, 3, 4], [5, 6], [7]]);
});

it("RequestBatcher fails those alone that fail on their own", async () => {
  const { runs, run } = recording();
  const batcher = new RequestBatcher(run, 3);
  const results = await Promise.allSettled([1, 2, -3, 4, 5].map((request) => batcher.submit(request)));
  expect(results.map(({ status }) => status)).toEqual([
    "fulfilled",
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
  expect(results[2]).toMatchObject({ reason: new Error("refused -3") });
  expect(runs).toEqual([[1], [2, -3, 4], [2], [-3], [4], [5]]);
});
