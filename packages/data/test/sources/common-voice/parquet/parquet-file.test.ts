import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";

import { CallsignError } from "@callsign/audio/internal";

import { openParquet, type ParquetFile } from "../../../../src/sources/common-voice/parquet/parquet-file.ts";
import type { RangeReader } from "../../../../src/sources/files/corpus-files.ts";

const ROWS = 12;
const text = Array.from({ length: ROWS }, (_, i) => `text ${i}`);
const audio = Array.from({ length: ROWS }, (_, i) =>
  Uint8Array.from({ length: 300 }, (__, j) => (i * 131 + j * j * 7 + (j >> 3)) & 255),
);

const make = (codec: "SNAPPY" | "UNCOMPRESSED", offsetIndex: boolean): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "sentence", data: text, type: "STRING", offsetIndex },
        { name: "audio", data: audio, type: "BYTE_ARRAY", offsetIndex },
      ],
      codec,
      rowGroupSize: 5,
      pageSize: 700,
    }),
  );

const readerOf = (bytes: Uint8Array): RangeReader & { read: number } => {
  const reader = {
    byteLength: bytes.length,
    read: 0,
    slice: async (start: number, end = bytes.length): Promise<ArrayBuffer> => {
      reader.read += end - start;
      return Uint8Array.from(bytes.subarray(start, end)).buffer;
    },
  };
  return reader;
};

async function readWhole(parquet: ParquetFile): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const group of parquet.rowGroups) {
    const sentences = await parquet.read(group, { columns: ["sentence"] });
    const sounds = await parquet.read(group, { columns: ["audio"], bytes: true });
    rows.push(...sentences.map((row, i) => ({ ...row, ...sounds[i] })));
  }
  return rows;
}

const expected = text.map((sentence, i) => ({ sentence, audio: audio[i] }));

describe("openParquet", () => {
  it.each([
    ["SNAPPY", true],
    ["SNAPPY", false],
    ["UNCOMPRESSED", true],
  ] as const)("reads whole groups and single rows, %s, page index %s", async (codec, offsetIndex) => {
    const parquet = await openParquet(readerOf(make(codec, offsetIndex)), { name: "p" });
    expect(parquet.columns).toEqual(["sentence", "audio"]);
    expect(parquet.rowGroups.map(({ start, end }) => [start, end])).toEqual([
      [0, 5],
      [5, 10],
      [10, 12],
    ]);
    expect(parquet.rowGroups[0]!.indexedColumns.has("audio")).toBe(offsetIndex);
    expect(await readWhole(parquet)).toEqual(expected);
    expect(await parquet.read({ start: 7, end: 8 }, { columns: ["audio"], bytes: true })).toEqual([
      { audio: audio[7] },
    ]);
  });

  it("refuses a footer whose row counts cannot be", async () => {
    const bytes = make("UNCOMPRESSED", true);
    // num_rows of the file follows the schema as a zigzag varint: 24 for 12 rows.
    const footer = bytes.length - 8 - new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
    const at = bytes.findIndex((byte, i) => i > footer && byte === 2 * ROWS && bytes[i - 1] === 0x16);
    bytes[at] = 2 * ROWS + 2;
    await expect(openParquet(readerOf(bytes), { name: "dir/p.parquet" })).rejects.toMatchObject({
      code: "PARQUET_INVALID",
      message:
        "dir/p.parquet: the footer claims 13 rows, its row groups 12, in " +
        `${bytes.length} bytes; the file is damaged`,
    });
  });

  it("ends in good order on any damage, and never reads outside the file", async () => {
    for (const whole of [make("SNAPPY", true), make("UNCOMPRESSED", false)])
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          async (changes) => {
            const bytes = Uint8Array.from(whole);
            for (const [at, value] of changes) bytes[at] = value;
            const reader = readerOf(bytes);
            const outcome: unknown = await openParquet(reader, { name: "p" })
              .then(readWhole)
              .catch((caught: unknown) => caught);
            if (!Array.isArray(outcome)) expect(outcome).toBeInstanceOf(CallsignError);
            expect(reader.read).toBeLessThan(40 * bytes.length);
          },
        ),
        { seed: 1, numRuns: 300 },
      );
  });
});
