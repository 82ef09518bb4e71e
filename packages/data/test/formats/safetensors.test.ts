import { readFileSync } from "node:fs";
import { CallsignError } from "@callsign/audio/internal";
import {
  float32Tensor,
  readSafetensors,
  type SafetensorsTensor,
  safetensorsHeaderEnd,
  tensorToFloat32,
  writeSafetensors,
} from "@callsign/data/internal";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";

const name = "weights.safetensors";

/** A file from a header text and data, with nothing of our writer in it. */
function fileOf(header: string, data = new Uint8Array()): Uint8Array {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return new Uint8Array(Buffer.concat([length, json, data]));
}

const entry = (dtype: string, shape: number[], ...offsets: number[]): string =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

function refusal(bytes: Uint8Array): string {
  try {
    readSafetensors(bytes, { name });
  } catch (error) {
    if (error instanceof CallsignError && error.code === "SAFETENSORS_INVALID") return error.message;
    throw error;
  }
  throw new Error("the file was accepted");
}

describe("readSafetensors", () => {
  it("reads every element type, wherever the data lies in memory", () => {
    const data = Buffer.alloc(8 + 4 + 2 + 1);
    data.writeBigInt64LE(-(2n ** 40n), 0);
    data.writeFloatLE(1.5, 8);
    data.writeUInt16LE(0x3c00, 12);
    data.writeInt8(-7, 14);
    const header = `{"a":${entry("I64", [1], 0, 8)},"b":${entry("F32", [], 8, 12)},"c":${entry("F16", [1, 1], 12, 14)},"d":${entry("I8", [1], 14, 15)},"e":${entry("F64", [0, 3], 15, 15)}}`;
    for (const padding of [0, 1, 2, 3]) {
      const whole = new Uint8Array([...new Uint8Array(padding), ...fileOf(header, data)]);
      const { tensors } = readSafetensors(whole.subarray(padding), { name });
      expect(tensors.get("a")!.data).toEqual(BigInt64Array.of(-(2n ** 40n)));
      expect(tensors.get("b")).toEqual({ dtype: "F32", shape: [], data: Float32Array.of(1.5) });
      expect(tensorToFloat32(tensors.get("c")!)).toEqual(Float32Array.of(1));
      expect(tensors.get("d")!.data).toEqual(Int8Array.of(-7));
      expect(tensors.get("e")!.data).toEqual(new Float64Array());
    }
  });

  it("keeps metadata, and accepts a padded header and names JavaScript objects dislike", () => {
    const header = `{"__metadata__":{"format":"pt"},"__proto__":${entry("U8", [1], 0, 1)},"2":${entry("U8", [1], 1, 2)}}   `;
    const { tensors, metadata } = readSafetensors(fileOf(header, Uint8Array.of(4, 5)), { name });
    expect(metadata).toEqual({ format: "pt" });
    expect([...tensors.keys()]).toEqual(["__proto__", "2"]);
    expect(tensors.get("2")!.data).toEqual(Uint8Array.of(5));
  });

  it("widens half precision as numpy does", () => {
    // numpy 2.4.6: np.array([...], np.uint16).view(np.float16).astype(float)
    const bits = [0, 0x8000, 1, 0x3ff, 0x400, 0x3c00, 0x3555, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00];
    const values = [
      0,
      -0,
      5.960464477539063e-8,
      6.097555160522461e-5,
      6.103515625e-5,
      1,
      0.333251953125,
      65504,
      -65504,
      Infinity,
      -Infinity,
      NaN,
    ];
    const half: SafetensorsTensor = { dtype: "F16", shape: [12], data: Uint16Array.from(bits) };
    expect([...tensorToFloat32(half)]).toEqual(values);
    const bfloat: SafetensorsTensor = {
      dtype: "BF16",
      shape: [3],
      data: Uint16Array.of(0x3f80, 0xc049, 0x7f80),
    };
    expect([...tensorToFloat32(bfloat)]).toEqual([1, -3.140625, Infinity]);
  });

  it.each([
    ["an empty file", new Uint8Array(), /8-byte header length at byte 0, the file has 0 bytes/],
    [
      "a header longer than the file",
      fileOf("{}").with(0, 200),
      /header length at byte 0 is 200, expected at most 2/,
    ],
    ["a header of 2^63 bytes", fileOf("{}").with(7, 0x80), /9223372036854775810/],
    ["no JSON object", fileOf("[]"), /expected \{ at byte 8/],
    ["broken JSON", fileOf('{"a":'), /header \(bytes 8 to 13\) is not JSON/],
    ["text that is not UTF-8", fileOf("{ }").with(9, 0xff), /is not JSON/],
    [
      "metadata that is not text",
      fileOf('{"__metadata__":{"epoch":3}}'),
      /__metadata__ "epoch" is not a string/,
    ],
    [
      "an unknown type",
      fileOf(`{"w":${entry("F31", [1], 0, 4)}}`, new Uint8Array(4)),
      /tensor "w" \(header byte 9\): dtype "F31"/,
    ],
    [
      "a type named like an inherited property",
      fileOf(`{"w":${entry("toString", [], 0, 0)}}`),
      /dtype "toString"/,
    ],
    ["a negative length", fileOf(`{"w":${entry("U8", [-1], 0, 0)}}`), /shape \[-1\]/],
    [
      "a shape beyond counting",
      fileOf(`{"w":${entry("U8", [2 ** 40, 2 ** 40], 0, 1)}}`, new Uint8Array(1)),
      /needs 1\.2089258196146292e\+24 bytes/,
    ],
    [
      "a shape that is not its bytes",
      fileOf(`{"w":${entry("F32", [2], 0, 4)}}`, new Uint8Array(4)),
      /F32 \[2\] needs 8 bytes, data_offsets give 4 at byte/,
    ],
    ["falling offsets", fileOf(`{"w":${entry("U8", [1], 1, 0)}}`, new Uint8Array(1)), /data_offsets \[1,0\]/],
    [
      "data beyond the end",
      fileOf(`{"w":${entry("U8", [9], 0, 9)}}`, new Uint8Array(8)),
      /ends at byte 70, the file has 69/,
    ],
    [
      "an overlap",
      fileOf(`{"a":${entry("U8", [2], 0, 2)},"b":${entry("U8", [2], 1, 3)}}`, new Uint8Array(3)),
      /tensor "b" begins at byte \d+, inside the tensor before it/,
    ],
    [
      "a gap",
      fileOf(`{"a":${entry("U8", [1], 0, 1)},"b":${entry("U8", [1], 2, 3)}}`, new Uint8Array(3)),
      /tensor "b" .* leaving a gap/,
    ],
    [
      "bytes left over",
      fileOf(`{"a":${entry("U8", [1], 0, 1)}}`, new Uint8Array(3)),
      /the tensors end at byte \d+, the file has/,
    ],
    [
      "a name given twice",
      fileOf(`{"a":${entry("U8", [1], 0, 1)},"\\u0061":${entry("U8", [1], 1, 2)}}`, new Uint8Array(2)),
      /key "a" comes twice, at bytes 9 and 61/,
    ],
    [
      "a key given twice inside a tensor",
      fileOf(`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, new Uint8Array(1)),
      /key "dtype" comes twice/,
    ],
    [
      "an unknown key inside a tensor",
      fileOf(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":0}}`, new Uint8Array(1)),
      /unknown key "x"/,
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
    expect(refusal(bytes)).toContain(name);
  });

  it("finds the header's end from the first eight bytes of a large file", () => {
    expect(safetensorsHeaderEnd(fileOf("{}").subarray(0, 8), { name, fileLength: 10 })).toBe(10);
  });

  it("survives 20,000 seeded mutations: reads the file or refuses it with its own error", () => {
    const original = writeSafetensors(
      new Map([
        ["layer.weight", float32Tensor([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6))],
        ["layer.bias", float32Tensor([2], Float32Array.of(7, 8))],
        ["count", { dtype: "I64", shape: [1], data: BigInt64Array.of(3n) }],
      ]),
      { metadata: { epoch: "3" } },
    );
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const mutated = original.slice(0, random(10) === 0 ? random(original.length + 1) : original.length);
      for (let i = random(4); i >= 0 && mutated.length > 0; i--)
        mutated[random(mutated.length)] =
          random(3) === 0 ? random(256) : '{}[]",:0123456789'.charCodeAt(random(17));
      try {
        readSafetensors(mutated, { name });
      } catch (error) {
        if (!(error instanceof CallsignError) || error.code !== "SAFETENSORS_INVALID") throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(10_000);
    expect(refused).toBeLessThan(20_000);
  });
});

describe("writeSafetensors", () => {
  it("is read back as it was given", () => {
    const tensor = fc
      .record({ shape: fc.array(fc.nat(3), { maxLength: 3 }), wide: fc.boolean() })
      .map(({ shape, wide }): SafetensorsTensor => {
        const length = shape.reduce((product, n) => product * n, 1);
        return wide
          ? { dtype: "F64", shape, data: Float64Array.from({ length }, (_, i) => i / 3) }
          : { dtype: "U8", shape, data: Uint8Array.from({ length }, (_, i) => i) };
      });
    const file = fc.array(
      fc.tuple(
        fc.string().filter((key) => key !== "__metadata__"),
        tensor,
      ),
    );
    fc.assert(
      fc.property(file, fc.dictionary(fc.string(), fc.string()), (entries, metadata) => {
        const tensors = new Map(entries);
        const bytes = writeSafetensors(tensors, { metadata });
        const read = readSafetensors(bytes, { name });
        expect(read.tensors).toEqual(tensors);
        expect(read.metadata).toEqual(metadata);
        expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
      }),
      { seed: 1 },
    );
  });

  it("refuses an array that does not fit its shape", () => {
    expect(() => writeSafetensors(new Map([["w", float32Tensor([2], new Float32Array(3))]]))).toThrow(
      /tensor "w": expected 2 elements for F32 \[2\], got Float32Array of 3/,
    );
  });

  it.skipIf(!hasSharedData)(
    "writes the published checkpoint byte for byte as Python's safetensors did",
    () => {
      const bytes = readFileSync(sharedPath("reference", "galactic-published.safetensors"));
      const { tensors, metadata } = readSafetensors(bytes, { name });
      expect(tensors.size).toBe(134);
      expect(Object.keys(metadata)).toEqual([]);
      expect(Buffer.compare(writeSafetensors(tensors), bytes)).toBe(0);
    },
  );
});
