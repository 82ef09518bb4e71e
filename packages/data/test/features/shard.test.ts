import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type FeatureShard,
  openShard,
  parseSafetensorsHeader,
  readShard,
  readShardClips,
  writeShard,
} from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const sha256 = "a".repeat(64);

/** Five rows, windows of two of them; the values are ones that float16 has. */
const shard = (changes: Partial<FeatureShard> = {}): FeatureShard => ({
  embeddings: Float32Array.from({ length: 5 * 96 }, (_, i) => i / 8),
  windowEnd: Int32Array.of(1, 2, 4),
  label: Int32Array.of(-1, 0, 1),
  heard: Float32Array.of(0, 0.25, 1),
  sinceEnd: Int32Array.of(-1, 0, 800),
  clip: Int32Array.of(0, 0, 1),
  metadata: {
    labels: ["on", "off"],
    split: "train",
    source: "positive-on",
    kind: "positive",
    embeddingsPerWindow: 2,
    frontend: "callsign-log-mel-1",
    floor: "chunk",
    embeddingSha256: sha256,
    configSha256: sha256,
    inputsSha256: sha256,
    seed: "1",
    tool: "callsign 0",
    clips: [
      { clip: "clips/positive-on/000000.wav", speaker: "flite/kal", copy: 0 },
      { clip: "clips/positive-off/000003.wav", speaker: "flite/slt", copy: -1 },
    ],
  },
  ...changes,
});

describe("readShard", () => {
  it.each(["float16", "float32"] as const)("gives back what writeShard was given, as %s", (precision) => {
    expect(readShard(writeShard(shard(), { precision }), { name: "s" })).toEqual(shard());
  });

  it("keeps every value to 11 significant bits in float16, in half the bytes", () => {
    const values = Float32Array.from({ length: 500 * 96 }, (_, i) => 300 * Math.sin(i));
    const long = { ...shard(), embeddings: values };
    const [half, whole] = (["float16", "float32"] as const).map((precision) =>
      writeShard(long, { precision }),
    );
    expect(half!.length).toBeLessThan(0.52 * whole!.length);
    const { embeddings } = readShard(half!, { name: "s" });
    for (const [i, value] of values.entries())
      expect(Math.abs(embeddings[i]! - value)).toBeLessThanOrEqual(
        Math.max(2 ** -25, 2 ** -11 * Math.abs(value)),
      );
  });

  const changed = (tensor: string, bytes: Uint8Array, change: (view: DataView) => void): Uint8Array => {
    const copy = bytes.slice();
    const { begin, end } = parseSafetensorsHeader(copy, { name: "s", fileLength: copy.length }).tensors.get(
      tensor,
    )!;
    change(new DataView(copy.buffer, begin, end - begin));
    return copy;
  };

  it.each<[string, string, (view: DataView) => void, string]>([
    ["a window before the first row", "clipRow", (view) => view.setInt32(0, 0, true), "end at rows 0 to 1"],
    ["a window behind the last row", "clipRow", (view) => view.setInt32(4, 5, true), "end at rows 5 to 5"],
    ["fewer windows than none", "clipWindows", (view) => view.setInt32(0, -1, true), "clip 0 has -1 windows"],
    ["an unknown window", "nearWindow", (view) => view.setInt32(4, 3, true), "window 3 is near a phrase"],
    ["an unknown label", "nearLabel", (view) => view.setInt32(4, 2, true), "window 2 has label 2"],
    ["a share above 1", "nearHeard", (view) => view.setFloat32(0, 1.5, true), "window 1 has heard 1.5"],
    ["a share that is none", "nearHeard", (view) => view.setFloat32(0, NaN, true), "window 1 has heard NaN"],
  ])("refuses %s", (_what, tensor, change, message) => {
    expect(() => readShard(changed(tensor, writeShard(shard()), change), { name: "s.safetensors" })).toThrow(
      expect.objectContaining({ code: "SHARD_INVALID", message: expect.stringContaining(message) }),
    );
  });

  it("refuses a shard of the format before, which stored windows otherwise", () => {
    const text = Buffer.from(writeShard(shard()))
      .toString("latin1")
      .replace('formatVersion":"2"', 'formatVersion":"1"');
    expect(() => readShard(Buffer.from(text, "latin1"), { name: "s" })).toThrow(
      expect.objectContaining({ code: "SHARD_INVALID", message: expect.stringContaining("formatVersion") }),
    );
  });

  it("refuses or reads any damaged file, and throws nothing else", () => {
    const bytes = writeShard(shard());
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(bytes.length),
        (changes, length) => {
          const damaged = bytes.slice(0, Math.max(1, length));
          for (const [place, value] of changes) if (place < damaged.length) damaged[place] = value;
          try {
            readShard(damaged, { name: "s" });
          } catch (error) {
            expect(error).toBeInstanceOf(CallsignError);
          }
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe("writeShard", () => {
  it.each<[string, Partial<FeatureShard>, string]>([
    [
      "windows of a clip that are not consecutive",
      { windowEnd: Int32Array.of(1, 3, 4) },
      "window 1 ends at row 3",
    ],
    ["clips out of order", { clip: Int32Array.of(1, 1, 0) }, "window 2 names clip 0"],
    ["arrays of different lengths", { heard: Float32Array.of(0, 1) }, "different lengths"],
    [
      "values that float16 has not",
      { embeddings: new Float32Array(480).fill(7e4, 97, 98) },
      "row 1, column 1 is 70000",
    ],
  ])("refuses %s", (_what, changes, message) => {
    expect(() => writeShard(shard(changes))).toThrow(message);
  });
});

describe("openShard", () => {
  it("reads all but the features, also where they lie in between, and names of clips apart", async () => {
    const folder = await mkdtemp(join(tmpdir(), "callsign-shard-"));
    try {
      for (const precision of ["float16", "float32"] as const) {
        const file = join(folder, precision);
        const bytes = writeShard(shard(), { precision });
        await writeFile(file, bytes);
        const opened = await openShard(file);
        expect(opened).toMatchObject({ rows: 5, dtype: precision === "float16" ? "F16" : "F32" });
        expect(opened.windows.clipWindows).toEqual(Int32Array.of(2, 1));
        expect(opened.windows.nearHeard).toEqual(Float32Array.of(0.25, 1));
        const first = new DataView(bytes.buffer, opened.embeddingsByte);
        expect(precision === "float16" ? first.getUint16(2, true) : first.getFloat32(4, true)).toBe(
          precision === "float16" ? 0x3000 : 0.125,
        );
        expect(await readShardClips(file)).toEqual(shard().metadata.clips);
      }
      await expect(openShard(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
