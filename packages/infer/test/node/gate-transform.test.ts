import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { AudioGate, type MutedSpan, toInt16 } from "@callsign/infer";
import { createGateTransform } from "@callsign/infer/node";
import { exampleCard } from "../support/example-card.ts";
import { makeDetector } from "../support/make-detector.ts";
import { noise } from "../support/noise.ts";

const card = exampleCard();

describe("createGateTransform", () => {
  it("gives bytes what the gate gives samples", async () => {
    const detector = await makeDetector(card);
    const samples = Float32Array.from(Int16Array.from(noise(48_000)));
    const gate = new AudioGate(detector);
    const parts = [await gate.push(samples), await gate.flush()];
    const expected = parts.flatMap(({ samples }) => [...toInt16(samples)]);
    expect(expected).toContain(0);
    await detector.reset();
    const bytes = Buffer.from(Int16Array.from(samples).buffer);
    const got: Buffer[] = [];
    const spans: MutedSpan[] = [];
    await pipeline(
      Readable.from(Array.from({ length: 97 }, (_, i) => bytes.subarray(i * 999, (i + 1) * 999))),
      createGateTransform(detector, { onMute: (span) => spans.push(span) }),
      async (out: AsyncIterable<Buffer>) => {
        for await (const part of out) got.push(part);
      },
    );
    const joined = Buffer.concat(got);
    expect(joined.length).toBe(96_000);
    expect([...new Int16Array(joined.buffer, joined.byteOffset, joined.length / 2)]).toEqual(expected);
    expect(spans).toEqual(parts.flatMap((part) => part.spans));
    await detector.dispose();
  });

  it("takes another encoding, rate and channels, and a signal", async () => {
    const detector = await makeDetector(card);
    // Two channels of 8 kHz whose mean is a constant.
    const frames = Float32Array.from({ length: 2 * 8000 }, (_, i) => (i % 2 === 0 ? 0.5 : 0.25));
    const got: Buffer[] = [];
    await pipeline(
      Readable.from([Buffer.from(frames.buffer)]),
      createGateTransform(detector, { encoding: "f32le", sampleRateHz: 8000, channels: 2, thresholds: [2] }),
      async (out: AsyncIterable<Buffer>) => {
        for await (const part of out) got.push(part);
      },
    );
    const joined = Buffer.concat(got);
    expect(joined.length).toBe(16_000);
    expect(joined.readInt16LE(8000)).toBe(0.375 * 32_768);
    const controller = new AbortController();
    const endless = createGateTransform(detector, { signal: controller.signal });
    const ended = pipeline(endless, async (out: AsyncIterable<Buffer>) => {
      for await (const part of out) got.push(part);
    });
    controller.abort();
    await expect(ended).rejects.toThrow(/abort/i);
    await detector.dispose();
  });
});
