import { readFileSync } from "node:fs";
import { createFrontend, EMBEDDING, type Matrix } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import type { BenchRow } from "../../../test-support/bench-row.ts";
import { hasSharedData, sharedPath } from "../../../test-support/shared-data.ts";
import { noise } from "../../../test-support/random.ts";
import { interleave } from "./interleave.ts";

const group = "embedding";
/** 20 s. */
const STEPS = 250;
const { windowFrames, strideFrames } = EMBEDDING;
const FRAMES = windowFrames + (STEPS - 1) * strideFrames;

/**
 * A whole clip through our rewritten graph, against the published file fed window by window (as openWakeWord does
 * in a stream) and in batches of 64 (as it does for training). Needs the published embedding.
 */
export async function bench(): Promise<BenchRow[]> {
  if (!hasSharedData) return [];
  const bytes = readFileSync(sharedPath("reference", "embedding_model.onnx"));
  const createSession = createNodeSession();
  const frontend = await createFrontend({ createSession, embedding: bytes, floor: "window" });
  const reference = await createSession(bytes, { name: "reference" });
  const clip: Matrix = { data: noise(FRAMES * 32, { seed: 1, peak: 3 }), rows: FRAMES, columns: 32 };
  const windows = unfold(clip);
  const runWindows = async (atOnce: number): Promise<void> => {
    for (let step = 0; step < STEPS; step += atOnce) {
      const data = windows.subarray(step * windowFrames * 32, (step + atOnce) * windowFrames * 32);
      const count = data.length / (windowFrames * 32);
      await reference.run({ input_1: { data, dims: [count, windowFrames, 32, 1] } });
    }
  };
  const rivals = {
    clip: () => frontend.embed(clip),
    single: () => runWindows(1),
    batched: () => runWindows(64),
  };
  const times = await interleave(rivals, { rounds: 15 });
  const one: Matrix = { data: clip.data.subarray(0, windowFrames * 32), rows: windowFrames, columns: 32 };
  const step = await interleave(
    { ours: () => frontend.embed(one), reference: () => runOne() },
    { rounds: 200 },
  );
  await Promise.all([frontend.dispose(), reference.dispose()]);
  const perStep = (time: number): number => (time * 1000) / STEPS;
  const whole = { group, value: perStep(times.clip), unit: "us a step" };
  return [
    { ...whole, name: "whole clip", ratio: times.single / times.clip, baseline: "windows one at a time" },
    { ...whole, name: "whole clip", ratio: times.batched / times.clip, baseline: "windows in batches of 64" },
    {
      group,
      name: "one window",
      value: step.ours * 1000,
      unit: "us",
      ratio: step.reference / step.ours,
      baseline: "published file",
    },
  ];

  function runOne(): Promise<unknown> {
    return reference.run({ input_1: { data: one.data, dims: [1, windowFrames, 32, 1] } });
  }
}

/** Every window written out: `[STEPS, 76, 32]`. */
function unfold({ data }: Matrix): Float32Array {
  const windows = new Float32Array(STEPS * windowFrames * 32);
  for (let step = 0; step < STEPS; step++) {
    const start = step * strideFrames * 32;
    windows.set(data.subarray(start, start + windowFrames * 32), step * windowFrames * 32);
  }
  return windows;
}
