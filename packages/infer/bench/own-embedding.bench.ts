import { readFileSync } from "node:fs";
import { createFrontend, EMBEDDING, type Matrix } from "@callsign/infer/internal";
import { CALLSIGN_EMBEDDING, createNodeSession } from "@callsign/infer/node/internal";
import type { BenchRow } from "../../../test-support/bench-row.ts";
import { hasSharedData, sharedPath } from "../../../test-support/shared-data.ts";
import { noise } from "../../../test-support/random.ts";
import { interleave } from "./interleave.ts";

const group = "own embedding";
/** 20 s. */
const STEPS = 250;
const { windowFrames, strideFrames } = EMBEDDING;
const FRAMES = windowFrames + (STEPS - 1) * strideFrames;

/** The embedding carried in the package against Google's, both by our code: whole clip, and one window. */
export async function bench(): Promise<BenchRow[]> {
  if (!hasSharedData) return [];
  const createSession = createNodeSession();
  const open = (embedding: Uint8Array) => createFrontend({ createSession, embedding, floor: "window" });
  const ours = await open(readFileSync(CALLSIGN_EMBEDDING.packaged));
  const google = await open(readFileSync(sharedPath("reference", "embedding_model.onnx")));
  const clip: Matrix = { data: noise(FRAMES * 32, { seed: 1, peak: 3 }), rows: FRAMES, columns: 32 };
  const window: Matrix = { data: clip.data.subarray(0, windowFrames * 32), rows: windowFrames, columns: 32 };
  const whole = await interleave(
    { ours: () => ours.embed(clip), google: () => google.embed(clip) },
    { rounds: 25 },
  );
  const single = await interleave(
    { ours: () => ours.embedWindows(window), google: () => google.embedWindows(window) },
    { rounds: 200 },
  );
  await Promise.all([ours.dispose(), google.dispose()]);
  const baseline = "Google's embedding";
  return [
    {
      group,
      name: "whole clip",
      value: (whole.ours * 1000) / STEPS,
      unit: "us a step",
      ratio: whole.google / whole.ours,
      baseline,
    },
    {
      group,
      name: "one window",
      value: single.ours * 1000,
      unit: "us",
      ratio: single.google / single.ours,
      baseline,
    },
  ];
}
