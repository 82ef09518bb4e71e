import { type FeatureShard, readShard, writeShard } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const sha256 = "a".repeat(64);

/** Five rows, windows of two of them. */
const shard = (changes: Partial<FeatureShard> = {}): FeatureShard => ({
  embeddings: Float32Array.from({ length: 5 * 96 }, (_, i) => i / 7),
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
  it("gives back what writeShard was given", () => {
    expect(readShard(writeShard(shard()), { name: "s" })).toEqual(shard());
  });

  it.each<[string, Partial<FeatureShard>, string]>([
    [
      "a window that begins before the first row",
      { windowEnd: Int32Array.of(0, 2, 4) },
      "window 0 ends at row 0",
    ],
    ["a window behind the last row", { windowEnd: Int32Array.of(1, 2, 5) }, "window 2 ends at row 5"],
    ["an unknown label", { label: Int32Array.of(-1, 0, 2) }, "window 2 has label 2"],
    ["an unknown clip", { clip: Int32Array.of(0, 0, 2) }, "window 2 names clip 2"],
    ["a share above 1", { heard: Float32Array.of(0, 0.25, 1.5) }, "window 2 has heard 1.5"],
    ["a share that is none", { heard: Float32Array.of(0, NaN, 1) }, "window 1 has heard NaN"],
    ["windows of different number", { heard: Float32Array.of(0, 1) }, "different lengths"],
  ])("refuses %s", (_what, changes, message) => {
    expect(() => readShard(writeShard(shard(changes)), { name: "s.safetensors" })).toThrow(
      expect.objectContaining({ code: "SHARD_INVALID", message: expect.stringContaining(message) }),
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
