import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { sharedPath } from "../../../../test-support/shared-data.ts";
import { type Captured, runCaptured } from "./run-captured.ts";

/** `callsign export` of the published weights into a new folder. */
export async function exportPublished(
  more: readonly string[] = [],
): Promise<{ model: string; exported: Captured }> {
  const model = await mkdtemp(join(tmpdir(), "callsign-cli-"));
  const checkpoint = sharedPath("reference", "galactic-published.safetensors");
  const flags = [
    "--checkpoint",
    checkpoint,
    "--label",
    "galactic",
    "--threshold",
    "0.73",
    "--out",
    model,
    "--json",
    ...more,
  ];
  const exported = await runCaptured(["export", ...flags]);
  expect(exported.exitCode).toBe(0);
  return { model, exported };
}

/** The flags of a command that runs the model. */
export const modelFlags = (model: string): string[] => [
  "--model",
  model,
  "--embedding",
  sharedPath("reference", "embedding_model.onnx"),
];

/** The flags of `eval challenge` on the challenge clip. */
export const challengeFlags = (model: string): string[] => [
  ...modelFlags(model),
  "--clip",
  sharedPath("challenge", "challenge.wav"),
  "--truth",
  sharedPath("challenge", "ground-truth.json"),
  "--prime",
  sharedPath("challenge", "priming.wav"),
];
