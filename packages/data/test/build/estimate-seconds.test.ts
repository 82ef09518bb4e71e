import { fileURLToPath } from "node:url";

import { readAudioFile } from "@callsign/audio/node";
import { describe, expect, it } from "vitest";

import { estimateSeconds } from "../../src/build/check/estimate-seconds.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../audio/test/fixtures/audio/${name}`, import.meta.url));

describe("estimateSeconds", () => {
  it.each(["tone.flac", "tone.ogg", "tone.opus", "steps-f64.wav"])(
    "reads the length of %s without decoding",
    async (name) => {
      const { samples, sampleRateHz } = await readAudioFile(fixture(name));
      expect(Math.abs((await estimateSeconds(fixture(name))) - samples.length / sampleRateHz)).toBeLessThan(
        0.02,
      );
    },
  );
});
