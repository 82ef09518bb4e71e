import type { Progress } from "@callsign/infer/internal";
import { throwIfAborted } from "../abort.ts";
import type { LabelledRun, Labeller } from "./labeller.ts";

export interface RunOptions {
  /** Samples after the last whole frame are ignored. */
  readonly samples: Float32Array;
  readonly frameLength: number;
  readonly labeller: Labeller;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Labels every frame as fast as possible; measures no latency. @throws CallsignError `ABORTED`, and what the labeller throws */
export async function runOffline(options: RunOptions): Promise<LabelledRun> {
  const { samples, frameLength, labeller, signal, onProgress } = options;
  const total = Math.floor(samples.length / frameLength);
  const labels = new Uint8Array(total);
  const scores = new Float32Array(total);
  for (let i = 0; i < total; i++) {
    throwIfAborted(signal, "offline run");
    const { muted, score } = await labeller.label(samples.slice(i * frameLength, (i + 1) * frameLength));
    labels[i] = muted ? 0 : 1;
    scores[i] = score;
    onProgress?.({ stage: "evaluate", done: i + 1, total, unit: "frames" });
  }
  return { frameLength, labels, scores, timing: null };
}
