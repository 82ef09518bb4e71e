import { throwIfAborted } from "../../abort.ts";
import { type EmittedFrame, streamFrames } from "./frame-stream.ts";
import type { LabelledRun } from "../labeller.ts";
import { monotonicMs } from "./clock.ts";
import type { RunOptions } from "../offline-run.ts";

export interface RealtimeRunOptions extends RunOptions {
  /** Time from one frame to the next; the challenge's 512 samples at 16 kHz take 32 ms. */
  readonly periodMs: number;
}

/**
 * Labels every frame as another thread emits it in real time. If the labeller is too slow, frames queue up and latency
 * grows. @throws CallsignError `ABORTED`, `WORKER_FAILED`, and what the labeller throws
 */
export async function runRealtime(options: RealtimeRunOptions): Promise<LabelledRun> {
  const { samples, frameLength, labeller, periodMs, signal, onProgress } = options;
  const total = Math.floor(samples.length / frameLength);
  const labels = new Uint8Array(total);
  const scores = new Float32Array(total);
  const emittedMs = new Float64Array(total);
  const labelledMs = new Float64Array(total);
  let startMs = 0;
  await labeller.warmUp?.();
  for await (const emitted of untilAborted(streamFrames({ samples, frameLength, periodMs }), signal)) {
    const { muted, score } = await labeller.label(emitted.frame);
    const nowMs = monotonicMs();
    const i = emitted.index;
    if (i === 0) startMs = emitted.dueMs;
    labels[i] = muted ? 0 : 1;
    scores[i] = score;
    emittedMs[i] = emitted.emittedMs - startMs;
    labelledMs[i] = nowMs - startMs;
    onProgress?.({ stage: "evaluate", done: i + 1, total, unit: "frames" });
  }
  return { frameLength, labels, scores, timing: { periodMs, emittedMs, labelledMs } };
}

/** Frames of a stream until the signal is aborted; checked at every frame. */
async function* untilAborted(
  frames: AsyncGenerator<EmittedFrame>,
  signal: AbortSignal | undefined,
): AsyncGenerator<EmittedFrame> {
  throwIfAborted(signal, "real-time run");
  for await (const frame of frames) {
    throwIfAborted(signal, "real-time run");
    yield frame;
  }
}
