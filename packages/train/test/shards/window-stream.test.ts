import { createRandom } from "@callsign/data/internal";
import { WindowStream } from "@callsign/train/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const poolsOf = (sizes: readonly number[]) =>
  sizes.map((size, shard) => ({
    shard,
    windows: { length: size, at: (i: number) => 10 * i },
  }));

const take = (stream: WindowStream, { from, count }: { from: number; count: number }): string[] =>
  Array.from({ length: count }, (_, i) => {
    const { shard, window } = stream.at(from + i);
    return `${shard}/${window}`;
  });

describe("WindowStream", () => {
  it("gives every window once a pass", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, fc.integer(), (shards, seed) => {
        fc.pre(shards.some((size) => size > 0));
        const stream = new WindowStream(poolsOf(shards), { random: createRandom(seed) });
        const all = shards.flatMap((size, shard) =>
          Array.from({ length: size }, (_, i) => `${shard}/${10 * i}`),
        );
        for (const pass of [0, 3])
          expect(take(stream, { from: pass * stream.length, count: stream.length }).toSorted()).toEqual(
            all.toSorted(),
          );
      }),
    );
  });

  it("has the same at a place wherever reading begins, and another order in the next pass", () => {
    const make = () => new WindowStream(poolsOf([20, 30, 40]), { random: createRandom(3) });
    const whole = take(make(), { from: 0, count: 180 });
    expect(take(make(), { from: 70, count: 110 })).toEqual(whole.slice(70));
    expect(whole.slice(90)).not.toEqual(whole.slice(0, 90));
  });

  it("orders any number of windows without bias: each is at each place in its share of the passes", () => {
    for (const size of [2, 3, 7, 16]) {
      const stream = new WindowStream(poolsOf([size]), { random: createRandom(5) });
      const counts = Array.from({ length: size }, () => new Int32Array(size));
      const passes = 400 * size;
      for (let pass = 0; pass < passes; pass++)
        for (let i = 0; i < size; i++) counts[i]![stream.at(pass * size + i).window / 10]!++;
      // 400 expected, with a deviation of 20 at most.
      for (const count of counts.flatMap((of) => [...of])) expect(Math.abs(count - 400)).toBeLessThan(100);
    }
  });

  it("draws from hundreds of millions of windows without a table of them", () => {
    const size = 7000;
    const stream = new WindowStream(poolsOf(Array.from({ length: 100_000 }, () => size)), {
      random: createRandom(6),
    });
    const drawn = Array.from({ length: 4000 }, (_, i) => stream.at(i));
    expect(new Set(drawn.map(({ shard, window }) => `${shard}/${window}`)).size).toBe(4000);
    const mean = drawn.reduce((sum, { shard }) => sum + shard, 0) / 4000;
    // Uniform over 100,000 shards: 50,000, with a deviation of 456.
    expect(Math.abs(mean - 50_000)).toBeLessThan(2300);
  });

  it("draws from all shards at any time, in proportion to their windows", () => {
    const stream = new WindowStream(poolsOf([400, 100, 500]), { random: createRandom(4) });
    for (const from of [0, 300, 700]) {
      const counts = [0, 0, 0];
      for (let i = 0; i < 300; i++) counts[stream.at(from + i).shard]!++;
      for (const [i, expected] of [120, 30, 150].entries())
        expect(Math.abs(counts[i]! - expected)).toBeLessThan(35);
    }
  });
});
