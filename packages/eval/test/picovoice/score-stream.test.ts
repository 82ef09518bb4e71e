import { readdir } from "node:fs/promises";
import { scoreStream } from "@callsign/eval/internal";
import { readAudioFile } from "@callsign/audio/node/internal";
import { loadDetector } from "@callsign/infer/node/internal";
import { describe, expect, it } from "vitest";

import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";

describe.skipIf(!hasSharedData)("scoreStream", () => {
  it("gives the scores of the detector's stream across pieces, within 1e-6", async () => {
    const detector = await loadDetector(sharedPath("reference", "openwakeword-alexa_v0.1.onnx"), {
      embeddingPath: sharedPath("reference", "embedding_model.onnx"),
    });
    const [file] = (await readdir(sharedPath("keywords", "alexa"))).toSorted();
    const word = (await readAudioFile(sharedPath("keywords", "alexa", file!))).samples;
    // The word at the start, and across the end of the first piece of two minutes.
    const samples = new Int16Array(122.03 * 16_000);
    for (const at of [100, 119.6 * 16_000])
      for (const [i, value] of word.entries()) samples[at + i] = Math.round(32_767 * value);
    async function* parts(): AsyncGenerator<Int16Array> {
      for (let at = 0; at < samples.length; at += 7001) yield samples.subarray(at, at + 7001);
    }
    const label = detector.card.labels[0]!;
    const scores = await scoreStream(detector, parts(), label);
    const steps = await detector.push(samples);
    expect(scores.length).toBe(steps.length);
    expect(Math.max(...scores.subarray(0, 100))).toBeGreaterThan(0.1);
    for (const [i, step] of steps.entries())
      expect(Math.abs(scores[i]! - step.scores[0]!)).toBeLessThan(1e-6);
    await detector.dispose();
  });
});
