import { describe, expect, it } from "vitest";
import { CallsignError } from "@callsign/audio/internal";
import { decodeOnnx, encodeOnnx, type OnnxModel } from "@callsign/onnx/internal";
import { seededRandom } from "../../../../test-support/random.ts";
import { smallEmbedding } from "../../../infer/test/support/small-embedding.ts";
import { goldenModel } from "../golden-model.ts";

const MUTATIONS = 24_000;

describe("decodeOnnx on mutated files", () => {
  it(`reads or refuses ${MUTATIONS} of them, and never anything else`, () => {
    const random = seededRandom(20_240_229);
    const golden = goldenModel();
    const large = smallEmbedding();
    const outcomes = new Map<string, number>();
    for (let i = 0; i < MUTATIONS; i++) {
      // Structure is dense in the small file; one in eight is of a larger one, mostly weights.
      const outcome = attempt(mutate(i % 8 === 0 ? large : golden, random), `mutation ${i}`);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].toSorted()).toEqual(["read", "refused"]);
    // Both happen: the mutations are neither harmless nor hopeless.
    expect(outcomes.get("refused")).toBeGreaterThan(MUTATIONS / 4);
    expect(outcomes.get("read")).toBeGreaterThan(MUTATIONS / 20);
  });

  it("does not allocate what a header promises", () => {
    // A graph of one node whose fields claim up to 4 GiB.
    for (const lie of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 40]) {
      const length = varint(lie);
      for (const path of [
        [0x3a],
        [0x3a, ...varint(20), 0x2a],
        [0x3a, ...varint(20), 0x2a, ...varint(15), 0x4a],
      ]) {
        const bytes = Uint8Array.from([0x08, 8, ...path, ...length, ...new Uint8Array(16)]);
        expect(() => decodeOnnx(bytes)).toThrow(expect.objectContaining({ code: "MODEL_INVALID" }));
      }
    }
  });
});

/** What became of a file; anything but `read` and `refused` is a fault, named. Whatever is read can be written and read. */
function attempt(bytes: Uint8Array, name: string): string {
  let model: OnnxModel;
  try {
    model = decodeOnnx(bytes, { name });
  } catch (error) {
    const proper =
      error instanceof CallsignError && error.code === "MODEL_INVALID" && error.message.includes(name);
    return proper ? "refused" : `${name}: ${String(error)}`;
  }
  decodeOnnx(encodeOnnx(model), { name });
  return "read";
}

function mutate(original: Uint8Array, random: () => number): Uint8Array {
  const pick = (count: number): number => Math.floor(random() * count);
  let bytes: Uint8Array = original.slice();
  for (let edits = 1 + pick(3); edits > 0; edits--) {
    const at = pick(bytes.length);
    const kind = pick(6);
    if (kind === 0) bytes[at] = bytes[at]! ^ (1 << pick(8));
    else if (kind === 1) bytes[at] = pick(256);
    else if (kind === 2) bytes[at] = [0, 0x7f, 0x80, 0xff][pick(4)]!;
    else if (kind === 3) bytes = bytes.slice(0, Math.max(1, at));
    else if (kind === 4)
      bytes = splice(bytes, {
        at,
        remove: pick(8),
        insert: Array.from({ length: pick(8) }, () => pick(256)),
      });
    else
      bytes = splice(bytes, { at, remove: 0, insert: bytes.slice(pick(bytes.length)).subarray(0, pick(64)) });
  }
  return bytes;
}

function splice(
  bytes: Uint8Array,
  edit: { at: number; remove: number; insert: ArrayLike<number> },
): Uint8Array {
  const { at, remove, insert } = edit;
  const tail = bytes.subarray(at + remove);
  const result = new Uint8Array(at + insert.length + tail.length);
  result.set(bytes.subarray(0, at));
  result.set(insert, at);
  result.set(tail, at + insert.length);
  return result;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
