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
});
