import { createRandom } from "@callsign/data/internal";
import { WindowStream } from "@callsign/train/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const poolsOf = (sizes: readonly number[]) =>
  sizes.map((size, shard) => ({
    shard,
    windows: Int32Array.from({ length: size }, (_, i) => 10 * i),
    bytes: 100,
  }));

const take = (stream: WindowStream, { from, count }: { from: number; count: number }): string[] =>
  Array.from({ length: count }, (_, i) => {
    const { shard, window } = stream.at(from + i);
    return `${shard}/${window}`;
  });

describe("WindowStream", () => {
  it("gives every window once a pass, whatever fits in memory", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 700 }), fc.integer(), (shards, maxBytes, seed) => {
        fc.pre(shards.some((size) => size > 0));
        const stream = new WindowStream(poolsOf(shards), { random: createRandom(seed), maxBytes });
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
    const make = () => new WindowStream(poolsOf([20, 30, 40]), { random: createRandom(3), maxBytes: 200 });
    const whole = take(make(), { from: 0, count: 180 });
    expect(take(make(), { from: 70, count: 110 })).toEqual(whole.slice(70));
    expect(whole.slice(90)).not.toEqual(whole.slice(0, 90));
  });

  it("draws from no more shards at a time than fit", () => {
    const stream = new WindowStream(poolsOf([50, 50, 50, 50]), { random: createRandom(4), maxBytes: 200 });
    const shardsOf = (from: number) =>
      new Set(take(stream, { from, count: 100 }).map((place) => place.split("/")[0]));
    expect(shardsOf(0).size).toBe(2);
    expect(shardsOf(100).size).toBe(2);
    expect(new Set([...shardsOf(0), ...shardsOf(100)]).size).toBe(4);
  });
});
