import { CallsignError } from "@callsign/audio/internal";
import { detections } from "@callsign/infer/internal";
import { describe, expect, it } from "vitest";
import { refusal } from "../../../../test-support/refusal.ts";
import { ChunkQueue } from "@callsign/audio/web/internal";

const chunk = (value: number): Float32Array => new Float32Array(4).fill(value);

async function drain(queue: ChunkQueue): Promise<number[]> {
  const heard: number[] = [];
  for await (const [first] of queue) heard.push(first!);
  return heard;
}

describe("audio on its way through a page", () => {
  it("arrives in order, also for a reader that was waiting", async () => {
    const queue = new ChunkQueue({ maxSamples: 8 });
    const heard = drain(queue);
    for (const value of [1, 2, 3]) {
      queue.push(chunk(value));
      await Promise.resolve();
    }
    queue.end();
    expect(await heard).toEqual([1, 2, 3]);
  });

  it("drops the oldest audio if it is not read, and reports the length", async () => {
    const dropped: number[] = [];
    const queue = new ChunkQueue({ maxSamples: 8, onDropped: (samples) => dropped.push(samples) });
    for (const value of [1, 2, 3, 4]) queue.push(chunk(value));
    queue.end();
    expect(dropped).toEqual([4, 4]);
    expect(await drain(queue)).toEqual([3, 4]);
  });

  it("is read to its end when the microphone is unplugged; then the loop throws", async () => {
    const queue = new ChunkQueue({ maxSamples: 8 });
    queue.push(chunk(1));
    queue.end(new CallsignError("MICROPHONE_FAILED", "gone"));
    queue.push(chunk(2));
    const loop = queue[Symbol.asyncIterator]();
    expect((await loop.next()).value).toEqual(chunk(1));
    await expect(loop.next()).rejects.toThrow("gone");
  });

  it("can be read by one loop at a time", async () => {
    const queue = new ChunkQueue({ maxSamples: 8 });
    const first = drain(queue);
    await expect(drain(queue)).rejects.toEqual(refusal("INVALID_ARGUMENT", "a loop reads it already"));
    queue.push(chunk(1));
    queue.end();
    expect(await first).toEqual([1]);
    expect(await drain(queue)).toEqual([]);
  });

  it.each(["left", "aborted"])(
    "closes the microphone once the loop is %s, even while it waits",
    async (how) => {
      let closed = 0;
      const queue = new ChunkQueue({ maxSamples: 8, onLeft: () => void closed++ });
      queue.push(chunk(1));
      const stop = new AbortController();
      const silent = { push: () => Promise.resolve([]) };
      if (how === "left") for await (const _ of queue) break;
      else {
        const listening = drainDetections(detections(silent, queue, { signal: stop.signal }));
        setTimeout(() => stop.abort(), 10);
        await expect(listening).rejects.toEqual(refusal("ABORTED", "stopped"));
      }
      expect(closed).toBe(1);
    },
  );
});

async function drainDetections(found: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of found);
}
