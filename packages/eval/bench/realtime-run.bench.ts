import type { BenchRow } from "../../../test-support/bench-row.ts";
import { overrunsOf } from "../src/challenge/labeller.ts";
import { monotonicMs } from "../src/challenge/realtime/clock.ts";
import { percentile } from "../src/statistics/percentile.ts";
import { runRealtime } from "../src/challenge/realtime/realtime-run.ts";

const FRAME_LENGTH = 512;
const PERIOD_MS = 8;
const FRAMES = 250;
/** As long as a step of a detector takes. */
const BUSY_MS = 3;

/**
 * How late the emitting thread is while another is busy labelling, against timers of the labelling thread itself
 * (taking turns), and what the way from thread to thread adds to every label.
 */
export async function bench(): Promise<BenchRow[]> {
  const ours: number[] = [];
  const timers: number[] = [];
  const hops: number[] = [];
  for (let round = 0; round < 3; round++) {
    const busy = await run(() => block(BUSY_MS));
    ours.push(...busy.emittedMs.map((emitted, i) => emitted - i * PERIOD_MS));
    timers.push(...(await timerLateness()));
    hops.push(...overrunsOf(await run(() => undefined)));
  }
  const note = `${PERIOD_MS} ms clock, labeller busy for ${BUSY_MS} ms a frame`;
  return [
    ...[50, 99].map((p) => ({
      group: "realtime",
      name: `emission after it was due, p${p}`,
      value: percentile(ours, p),
      unit: "ms",
      ratio: percentile(timers, p) / percentile(ours, p),
      baseline: "a timer in the labelling thread",
      note,
    })),
    ...[50, 99].map((p) => ({
      group: "realtime",
      name: `label of an instant labeller, p${p}`,
      value: percentile(hops, p),
      unit: "ms",
    })),
  ];
}

async function run(beforeLabel: () => void) {
  const labeller = {
    threshold: null,
    label: async () => {
      beforeLabel();
      return { muted: false, score: 0 };
    },
  };
  const samples = new Float32Array(FRAME_LENGTH * FRAMES);
  const { timing } = await runRealtime({ samples, frameLength: FRAME_LENGTH, periodMs: PERIOD_MS, labeller });
  return timing!;
}

/** The simple way: one thread that waits for the next frame's time, emits, and labels. */
async function timerLateness(): Promise<number[]> {
  const startMs = monotonicMs();
  const lateness: number[] = [];
  for (let i = 0; i < FRAMES; i++) {
    const dueMs = startMs + i * PERIOD_MS;
    await new Promise((resolve) => setTimeout(resolve, dueMs - monotonicMs()));
    lateness.push(monotonicMs() - dueMs);
    block(BUSY_MS);
  }
  return lateness;
}

function block(ms: number): void {
  const endMs = monotonicMs() + ms;
  while (monotonicMs() < endMs);
}
