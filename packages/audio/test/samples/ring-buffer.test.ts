import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RingBuffer } from "@callsign/audio/internal";
import { refusal } from "../../../../test-support/refusal.ts";

describe("RingBuffer", () => {
  it("always holds the last samples, oldest first, zeros before them", () => {
    const pushes = fc.array(fc.array(fc.integer({ min: 1, max: 999 }), { maxLength: 40 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), pushes, (capacity, chunks) => {
        const ring = new RingBuffer(capacity);
        const all = Array.from({ length: capacity }, () => 0);
        for (const chunk of chunks) {
          ring.push(Float32Array.from(chunk));
          all.push(...chunk);
          const held = new Float32Array(capacity);
          ring.copyTo(held);
          expect([...held]).toEqual(all.slice(-capacity));
        }
      }),
    );
  });

  it("is silent after a reset", () => {
    const ring = new RingBuffer(3);
    ring.push(Float32Array.of(1, 2, 3, 4));
    ring.reset();
    ring.push(Float32Array.of(9));
    const held = new Float32Array(3);
    ring.copyTo(held);
    expect([...held]).toEqual([0, 0, 9]);
  });

  it("does not keep the caller's array", () => {
    const chunk = Float32Array.of(1, 2);
    const ring = new RingBuffer(2);
    ring.push(chunk);
    chunk.fill(7);
    const held = new Float32Array(2);
    ring.copyTo(held);
    expect([...held]).toEqual([1, 2]);
  });

  it.each([0, -1, 1.5, NaN, Infinity])("refuses a capacity of %s", (capacity) => {
    expect(() => new RingBuffer(capacity)).toThrow(refusal("INVALID_ARGUMENT", `got ${capacity}`));
  });

  it("refuses a target that is too small", () => {
    expect(() => new RingBuffer(4).copyTo(new Float32Array(3))).toThrow(
      refusal("INVALID_ARGUMENT", "4 samples or more, got 3"),
    );
  });
});
