import { createRandom } from "@callsign/data/internal";
import { WindowStream } from "@callsign/train/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const poolsOf = (sizes: readonly number[]) =>
  sizes.map((size, shard) => ({
    shard,
    windows: Int32Array.from({ length: size }, (_, i) => 10 * i),
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
