import { describe, expect, it } from "vitest";

import { parseNpyHeader } from "../../src/formats/npy.ts";

/** The beginning of a file, as numpy writes it, with a header of a given text. */
function head(fields: string, { version = 1 } = {}): Uint8Array {
  const length = version === 1 ? "\x76\x00" : "\x74\x00\x00\x00";
  const text = fields.padEnd(version === 1 ? 117 : 115);
  return Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\x00${length}${text}\n`, "latin1");
}

const parse = (bytes: Uint8Array, fileLength: number) => parseNpyHeader(bytes, { name: "x.npy", fileLength });

describe("parseNpyHeader", () => {
  // Made by numpy 2.4's lib.format.write_array, versions 1.0 and 2.0.
  it("reads what numpy writes", () => {
    expect(
      parse(head("{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3, 96), }"), 128 + 1152),
    ).toEqual({ dtype: "F16", shape: [2, 3, 96], dataBegin: 128 });
    expect(
      parse(head("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 96), }", { version: 2 }), 128 + 1920),
    ).toEqual({ dtype: "F32", shape: [5, 96], dataBegin: 128 });
  });

  it.each<[string, Uint8Array, number, string]>([
    [
      "another file",
      Buffer.from("PK\x03\x04 a zip of arrays"),
      1280,
      'begin with the bytes \\x93NUMPY, got "PK',
    ],
    [
      "other numbers",
      head("{'descr': '<f8', 'fortran_order': False, 'shape': (5, 96), }"),
      1280,
      "expected float16 or float32 ('<f2', '<f4'), got <f8",
    ],
    [
      "columns first",
      head("{'descr': '<f2', 'fortran_order': True, 'shape': (5, 96), }"),
      128 + 960,
      "fortran_order False",
    ],
    [
      "a download that was cut off",
      head("{'descr': '<f2', 'fortran_order': False, 'shape': (5, 96), }"),
      1000,
      "[5, 96] of <f2 needs 1088 bytes, the file has 1000",
    ],
    ["a later format", head("{}", { version: 4 }), 1000, "version 1 to 3, got 4"],
  ])("refuses %s", (_what, bytes, fileLength, message) => {
    expect(() => parse(bytes, fileLength)).toThrow(
      expect.objectContaining({ code: "FEATURES_INVALID", message: expect.stringContaining(message) }),
    );
  });
});
