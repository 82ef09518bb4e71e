import { findNotFinite16, fromFloat16, toFloat16 } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";

const halfOf = (value: number): number => toFloat16(Float32Array.of(value))[0]!;

describe("float16", () => {
  it("widens and narrows every value that it has without change", () => {
    const all = Uint16Array.from({ length: 0x1_0000 }, (_, bits) => bits).filter(
      (bits) => (bits & 0x7c00) !== 0x7c00 || (bits & 0x3ff) === 0,
    );
    expect(toFloat16(fromFloat16(all))).toEqual(all);
  });

  // numpy 2.4: numpy.array(x, "f4").astype("f2").view("u2")
  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [1 / 3, 0x3555],
    [65_504, 0x7bff],
    [65_519.996, 0x7bff],
    [65_520, 0x7c00],
    [-1e9, 0xfc00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [3 * 2 ** -25, 0x0002],
    [-5.960464477539063e-8, 0x8001],
    [6.1e-5, 0x03ff],
    [6.103515625e-5, 0x0400],
    [6.102e-5, 0x0400],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [2047.5, 0x6800],
    [0.1, 0x2e66],
    [-123.456, 0xd7b7],
  ])("rounds %f to nearest, ties to even", (value, bits) => {
    expect(halfOf(value)).toBe(bits);
  });

  it("keeps what is no number, and finds it", () => {
    expect(fromFloat16(toFloat16(Float32Array.of(NaN, Infinity)))).toEqual(Float32Array.of(NaN, Infinity));
    expect(findNotFinite16(Uint16Array.of(0x7bff, 0xfbff, 0x7c01))).toBe(2);
    expect(findNotFinite16(Uint16Array.of(0, 1))).toBe(-1);
  });
});
