import { describe, expect, it } from "vitest";
import { formatCopies, parseCopies } from "../../src/flags/copies.ts";

describe("parseCopies", () => {
  it.each([
    ["0", [{ delay: 0, gainDb: 0 }]],
    [
      "0, 256 ,0@-6,128@+3.5",
      [
        { delay: 0, gainDb: 0 },
        { delay: 256, gainDb: 0 },
        { delay: 0, gainDb: -6 },
        { delay: 128, gainDb: 3.5 },
      ],
    ],
  ])("reads %s, and what it writes again", (text, copies) => {
    expect(parseCopies(text)).toEqual(copies);
    expect(parseCopies(formatCopies(copies))).toEqual(copies);
  });

  it.each(["", "a", "1.5", "-1", "0@", "0,,1", "0@1e3"])(
    "refuses %j and says how copies are written",
    (text) => {
      expect(() => parseCopies(text)).toThrow(/such as 0,256,0@-6/);
    },
  );
});
