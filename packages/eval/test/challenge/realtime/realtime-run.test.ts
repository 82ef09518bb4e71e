import { describe, expect, it } from "vitest";
import { overrunsOf } from "../../../src/challenge/labeller.ts";
import { monotonicMs } from "../../../src/challenge/realtime/clock.ts";
import { runOffline } from "../../../src/challenge/offline-run.ts";
import { runRealtime } from "../../../src/challenge/realtime/realtime-run.ts";
import { framesOf, signLabeller } from "../support/fake-labeller.ts";

const values = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? -1 : 1) * (i + 1));
const samples = framesOf(values, 16);
const parts = { samples, frameLength: 16, periodMs: 4 };

/** Keeps this thread busy, as a slow model would. */
function block(ms: number): void {
  const endMs = monotonicMs() + ms;
  while (monotonicMs() < endMs);
}

describe("runRealtime", () => {
  it("labels as the offline run does", async () => {
    const run = await runRealtime({ ...parts, labeller: signLabeller() });
    const offline = await runOffline({ ...parts, labeller: signLabeller() });
    expect({ ...run, timing: null }).toEqual(offline);
  });

  it("emits on its clock, never before a frame is due, and stamps labels after emissions", async () => {
    const { timing } = await runRealtime({ ...parts, labeller: signLabeller() });
    expect(timing!.periodMs).toBe(4);
    for (const [i, emittedMs] of timing!.emittedMs.entries())
      expect(emittedMs).toBeGreaterThanOrEqual(i * 4 - 1e-6);
    for (const overrun of overrunsOf(timing!)) expect(overrun).toBeGreaterThan(0);
  });

  it("is not delayed by a labeller that falls behind; the frames wait and the lateness grows", async () => {
    // 40 frames of 12 ms each take 480 ms; the emitter needs 39 * 4 = 156 ms. A busy machine may hold it up in some runs.
    const growthMs = async (): Promise<number> => {
      const { timing } = await runRealtime({ ...parts, labeller: signLabeller(() => block(12)) });
      expect(timing!.labelledMs.at(-1)).toBeGreaterThanOrEqual(480);
      const overruns = overrunsOf(timing!);
      return overruns.at(-1)! - overruns[0]!;
    };
    await expect.poll(growthMs).toBeGreaterThan(100);
  });

  it("charges the lateness of one slow frame to it and to those behind it", async () => {
    let frames = 0;
    const labeller = signLabeller(() => void (frames++ === 10 && block(60)));
    const { timing } = await runRealtime({ ...parts, labeller });
    const overruns = overrunsOf(timing!);
    expect(overruns[10]).toBeGreaterThanOrEqual(60);
    // Emitted one period later, labelled right after it.
    expect(overruns[11]).toBeGreaterThanOrEqual(
      60 - 4 - (timing!.emittedMs[11]! - timing!.emittedMs[10]! - 4) - 1,
    );
  });

  it("warms up before the first frame is emitted", async () => {
    let warm = false;
    const labeller = {
      ...signLabeller(() => expect(warm).toBe(true)),
      warmUp: async () => {
        block(500);
        warm = true;
      },
    };
    // Had the emitter run meanwhile, the first frame would have waited for most of it in every run.
    const firstOverrunMs = async (): Promise<number> => {
      warm = false;
      const { timing } = await runRealtime({ ...parts, labeller });
      expect(warm).toBe(true);
      return overrunsOf(timing!)[0]!;
    };
    await expect.poll(firstOverrunMs).toBeLessThan(250);
  });

  it("passes on what the labeller throws, and stops the emitter at once", async () => {
    const labeller = signLabeller(() => {
      throw new Error("out of words");
    });
    const startMs = monotonicMs();
    const running = runRealtime({ samples: framesOf(values, 16), frameLength: 16, periodMs: 500, labeller });
    await expect(running).rejects.toThrow("out of words");
    // One period until the first frame; the other 39, 19.5 s, are not waited for.
    expect(monotonicMs() - startMs).toBeLessThan(19_000);
  });

  it("stops when it is interrupted, before and during the run", async () => {
    const interrupted = new AbortController();
    const labeller = signLabeller(() => interrupted.abort());
    const running = runRealtime({ ...parts, labeller, signal: interrupted.signal });
    await expect(running).rejects.toMatchObject({ code: "ABORTED", message: "real-time run: interrupted" });
    const again = runRealtime({ ...parts, labeller: signLabeller(), signal: interrupted.signal });
    await expect(again).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("says so when the emitting thread fails", async () => {
    // No array at all: the emitter throws at its first frame.
    const broken: Float32Array = JSON.parse('{"length": 640}');
    const running = runRealtime({ ...parts, samples: broken, labeller: signLabeller() });
    await expect(running).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: expect.stringContaining("the emitting thread failed"),
    });
  });
});
