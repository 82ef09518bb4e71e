import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import type { Detection } from "@callsign/infer/internal";
import { createDetectionTransform } from "@callsign/infer/node/internal";
import { exampleCard } from "../../support/example-card.ts";
import { makeDetector } from "../../support/make-detector.ts";
import { noise } from "../../../../../test-support/noise.ts";

const card = exampleCard({ decision: { thresholds: { hello: 0.5 }, patience: 2, refractorySeconds: 0.2 } });

describe("createDetectionTransform", () => {
  it("turns PCM bytes into the detections of the detector", async () => {
    const detector = await makeDetector(card);
    const samples = noise(80_000);
    const expected = (await detector.push(samples)).flatMap((step) => step.detections);
    expect(expected.length).toBeGreaterThan(2);
    await detector.reset();
    const bytes = Buffer.from(Int16Array.from(samples).buffer);
    const heard: Detection[] = [];
    await pipeline(
      Readable.from(Array.from({ length: 160 }, (_, i) => bytes.subarray(i * 1001, (i + 1) * 1001))),
      createDetectionTransform(detector),
      async (found: AsyncIterable<Detection>) => {
        for await (const one of found) heard.push(one);
      },
    );
    expect(heard).toEqual(expected);
    await detector.dispose();
  });

  it("ends in the detector's error", async () => {
    const detector = await makeDetector(card);
    const bytes = Buffer.from(Float32Array.of(0, Number.NaN).buffer);
    const run = pipeline(
      Readable.from([bytes]),
      createDetectionTransform(detector, { encoding: "f32le" }),
      async (found) => {
        for await (const _ of found) expect.unreachable();
      },
    );
    await expect(run).rejects.toMatchObject({ code: "AUDIO_NOT_FINITE" });
    await detector.dispose();
  });
});
