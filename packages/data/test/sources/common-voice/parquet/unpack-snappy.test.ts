import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { snappyCompress } from "hyparquet-writer/src/snappy.js";

import { unpackSnappy } from "../../../../src/sources/common-voice/parquet/unpack-snappy.ts";

const text = (bytes: readonly number[], length: number): string =>
  Buffer.from(unpackSnappy(Uint8Array.from(bytes), length)).toString("latin1");
const ascii = (letters: string): number[] => [...Buffer.from(letters, "latin1")];

describe("unpackSnappy", () => {
  it("follows the format description, element by element", () => {
    // Literal of 3 (tag (3-1)<<2), then a copy with one-byte offset: length 4..11 in bits 2-4, offset 3.
    expect(text([7, 2 << 2, ...ascii("abc"), 1, 3], 7)).toBe("abcabca");
    // The same run with a two-byte offset (tag 2) and a four-byte offset (tag 3), length minus one in the upper bits.
    expect(text([7, 2 << 2, ...ascii("abc"), (3 << 2) | 2, 3, 0], 7)).toBe("abcabca");
    expect(text([7, 2 << 2, ...ascii("abc"), (3 << 2) | 3, 3, 0, 0, 0], 7)).toBe("abcabca");
    // Upper offset bits of the one-byte form: 1 << 8.
    const long = "x".repeat(299);
    expect(
      text(
        [0xb0, 0x02, 61 << 2, 0x2a, 0x01, ...ascii(`Y${long.slice(1)}`), (1 << 5) | (1 << 2) | 1, 0x2b],
        304,
      ),
    ).toBe(`Y${long.slice(1)}Y${"x".repeat(4)}`);
    // Literal lengths of 61 and 70,000 in one and three extra bytes.
    expect(text([61, 60 << 2, 60, ...ascii("y".repeat(61))], 61)).toBe("y".repeat(61));
    expect(text([0xf0, 0xa2, 0x04, 62 << 2, 0x6f, 0x11, 0x01, ...ascii("z".repeat(70_000))], 70_000)).toBe(
      "z".repeat(70_000),
    );
    expect(text([0], 0)).toBe("");
  });

  it("unpacks what another encoder packed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("ab", "abcabc", "x", "0123456789"), { maxLength: 200 }),
        (parts) => {
          const bytes = Buffer.from(parts.join(""));
          expect(Buffer.from(unpackSnappy(snappyCompress(bytes), bytes.length))).toEqual(bytes);
        },
      ),
      { seed: 1 },
    );
  });

  it.each([
    ["no length", [], 1, "expected a length at byte 0"],
    ["a length without end", [255, 255, 255, 255, 255, 1], 1, "expected a length at byte 0"],
    ["a literal cut short", [3, 2 << 2, 97], 3, "cut short at byte 1"],
    ["an offset cut short", [7, 0, 97, 1], 7, "cut short at byte 4"],
    ["a copy of offset 0", [5, 0, 97, 1, 0], 5, "copy from nowhere, at byte 3"],
    ["a copy from before the start", [5, 0, 97, 1, 2], 5, "copy from before the start, at byte 3"],
    ["more than was told", [1, 1 << 2, 97, 98], 1, "more than 1 bytes, at byte 1"],
    ["less than was told", [9, 0, 97], 9, "1 bytes, expected 9"],
  ])("refuses %s", (_, bytes, length, message) => {
    expect(() => unpackSnappy(Uint8Array.from(bytes), length)).toThrow(message);
  });
});
