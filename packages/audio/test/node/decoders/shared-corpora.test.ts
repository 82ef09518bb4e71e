import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readWav } from "@callsign/audio/internal";
import { readAudioChunks, readAudioFile } from "@callsign/audio/node/internal";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";

const EXACTLY = { rtol: 0, atol: 0 };

describe.skipIf(!hasSharedData)("the recordings beside the project", () => {
  it("challenge.wav has 964,096 samples, as bytes 44 onwards give them", async () => {
    const path = sharedPath("challenge", "challenge.wav");
    const file = readFileSync(path);
    const exact = Float32Array.from({ length: 964_096 }, (_, i) => file.readInt16LE(44 + 2 * i) / 32_768);
    const { samples, sampleRateHz } = readWav(file);
    expect(sampleRateHz).toBe(16_000);
    expect(samples).toBeAllClose(exact, EXACTLY);
    let at = 0;
    for await (const chunk of readAudioChunks(path, { chunkLength: 12_345 })) {
      expect(chunk).toBeAllClose(exact.subarray(at, at + chunk.length), EXACTLY);
      at += chunk.length;
    }
    expect(at).toBe(exact.length);
  });

  it.each(["keywords/alexa", "speech/barista", "speech/spoken-digits"])(
    "%s: FLAC files give the samples that their headers state",
    async (folder) => {
      for (const name of readdirSync(sharedPath(folder))
        .filter((file) => file.endsWith(".flac"))
        .slice(0, 40)) {
        const path = join(sharedPath(folder), name);
        const file = readFileSync(path);
        // STREAMINFO: 20 bits of rate from byte 18 on, 36 bits of length that end at byte 26.
        const rate = file.readUInt32BE(18) >>> 12;
        const { samples } = await readAudioFile(path);
        expect(samples).toHaveLength(Math.ceil((file.readUInt32BE(22) * 16_000) / rate));
        expect(samples.some((sample) => Math.abs(sample) > 100 / 32_768)).toBe(true);
      }
    },
  );

  it("noise: Ogg Vorbis files of 44.1 kHz are as long as their last page states", async () => {
    const folders = readdirSync(sharedPath("noise"));
    expect(folders).toHaveLength(10);
    for (const folder of folders) {
      const name = readdirSync(sharedPath("noise", folder)).find((file) => file.endsWith(".ogg"));
      const path = sharedPath("noise", folder, name!);
      const file = readFileSync(path);
      const granule = Number(file.readBigInt64LE(file.lastIndexOf("OggS") + 6));
      expect((await readAudioFile(path)).samples).toHaveLength(Math.ceil((granule * 16_000) / 44_100));
    }
  });
});
