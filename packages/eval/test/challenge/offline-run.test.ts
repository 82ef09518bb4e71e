import { describe, expect, it } from "vitest";
import { runOffline } from "../../src/challenge/offline-run.ts";
import { framesOf, signLabeller } from "./support/fake-labeller.ts";

describe("runOffline", () => {
  const samples = framesOf([0.25, -0.5, 0.75, -1], 8);

  it("labels every whole frame in order, and claims nothing about time", async () => {
    const seen: number[] = [];
    const labeller = signLabeller((frame) => void seen.push(frame[0]!));
    const run = await runOffline({ samples: samples.subarray(0, 31), frameLength: 8, labeller });
    expect(seen).toEqual([0.25, -0.5, 0.75]);
    expect(run).toEqual({
      frameLength: 8,
      labels: Uint8Array.of(1, 0, 1),
      scores: Float32Array.of(0.25, 0.5, 0.75),
      timing: null,
    });
  });

  it("reports progress to the end", async () => {
    const done: number[] = [];
    const onProgress = (progress: { done: number; total?: number }) =>
      done.push(progress.done / progress.total!);
    await runOffline({ samples, frameLength: 8, labeller: signLabeller(), onProgress });
    expect(done).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it("stops when it is interrupted", async () => {
    const interrupted = new AbortController();
    let frames = 0;
    const labeller = signLabeller(() => {
      if (++frames === 2) interrupted.abort();
    });
    const running = runOffline({ samples, frameLength: 8, labeller, signal: interrupted.signal });
    await expect(running).rejects.toMatchObject({ code: "ABORTED", message: "offline run: interrupted" });
    expect(frames).toBe(2);
  });
});
