import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fromMagnitudes, writeWav } from "@callsign/audio/internal";
import {
  createRandom,
  createSource,
  type LeftOutClip,
  type ReadClipsOptions,
  type SourceClip,
} from "@callsign/data/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openRecordings } from "../../src/sources/files/decode-recording.ts";

let folder: string;

/** Recordings of 1 to 3 seconds, one that ends early, one that is none, and one that is longer than is decoded as a whole. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-decode-"));
  const random = createRandom("decode");
  for (let i = 0; i < 9; i++) {
    const samples = Float32Array.from({ length: 16_000 * (1 + (i % 3)) }, () => 1000 * random.normal());
    await writeFile(
      join(folder, `${i}.wav`),
      writeWav({ samples: fromMagnitudes(samples), sampleRateHz: 16_000 }),
    );
  }
  await truncate(join(folder, "4.wav"), 20_000);
  await writeFile(join(folder, "5.wav"), "none");
  await appendFile(join(folder, "7.wav"), new Uint8Array(9 << 20));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(decoder?: ReadClipsOptions["decoder"]) {
  const clips: SourceClip[] = [];
  const [left, faults]: [LeftOutClip[], string[]] = [[], []];
  const source = createSource({ kind: "folder", path: folder, licence: "CC0-1.0", maxSeconds: 1.5 });
  const reading = source.clips({
    decoder,
    onLeftOut: (one) => left.push(one),
    onFault: ({ place, error: { code, message } }) => faults.push(`${place} ${code} ${message}`),
  });
  for await (const clip of reading) clips.push(clip);
  return { clips, left, faults };
}

describe("a folder whose recordings are decoded by threads", () => {
  it("gives the same clips, faults and damage in the same order, with a few files ahead", async () => {
    const { run } = openRecordings();
    let running = 0;
    let most = 0;
    const decoded: string[] = [];
    const threads = await read({
      workers: 2,
      run: async (input) => {
        most = Math.max(most, ++running);
        // The first ones end last.
        await new Promise((resolve) => setTimeout(resolve, 20 - 2 * decoded.length));
        decoded.push(input.path);
        const recording = await run(input);
        running--;
        return structuredClone(recording);
      },
    });
    expect(threads).toEqual(await read());
    expect(threads.clips.length).toBeGreaterThan(9);
    expect([threads.left.length, threads.faults.length]).toEqual([1, 1]);
    expect(decoded).toHaveLength(8);
    expect(decoded).not.toContain(join(folder, "7.wav"));
    expect(most).toBeLessThanOrEqual(4);
  });
});
