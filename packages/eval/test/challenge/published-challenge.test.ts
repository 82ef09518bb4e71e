import { readFileSync } from "node:fs";
import { fromMagnitudes } from "@callsign/audio/internal";
import { describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { hashPcm, isPublishedClip, publishedFiguresFor } from "../../src/challenge/published-challenge.ts";

describe("published figures", () => {
  it("are those of as many samples, else of the whole clip", () => {
    expect(publishedFiguresFor(512_000).score).toBe(0.45794140625);
    for (const samples of [964_096, 512, 0])
      expect(publishedFiguresFor(samples).score).toBe(0.5996031515533723);
  });
});

describe("hashPcm", () => {
  it("hashes int16, little-endian, rounded and clipped", () => {
    // printf '\x01\x00\xff\xff\xff\x7f\x00\x80' | sha256sum
    const hash = "5682c88515f22e29f16b229201683e671b1b6766da43336a66d374dbae7b563c";
    expect(hashPcm(fromMagnitudes(Float32Array.of(1, -1, 32_767, -32_768)))).toBe(hash);
    expect(hashPcm(fromMagnitudes(Float32Array.of(1.3, -0.8, 40_000, -99_999)))).toBe(hash);
  });

  it.skipIf(!hasSharedData)("knows the challenge's clip, and that one changed sample is another", () => {
    const wav = readFileSync(sharedPath("challenge", "challenge.wav"));
    const samples = Float32Array.from({ length: 964_096 }, (_, i) => wav.readInt16LE(44 + 2 * i) / 32_768);
    expect(isPublishedClip(samples)).toBe(true);
    samples[500_000]! += 1 / 32_768;
    expect(isPublishedClip(samples)).toBe(false);
    expect(isPublishedClip(samples.subarray(0, 512_000))).toBe(false);
  });
});
