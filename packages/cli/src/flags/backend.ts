import type { Backend } from "@callsign/train/internal";
import { Option } from "commander";

import type { CliContext } from "../context.ts";

/** Names that `--backend` accepts, repeated here because importing `@callsign/train` would slow down every command. */
const BACKENDS = ["auto", "tensorflow-gpu", "onnxruntime", "tensorflow", "webgpu", "wasm", "cpu"];

/** The option `--backend`. @param fallback text that names the default */
export const backendOption = (fallback: string): Option =>
  new Option("--backend <name>", `training backend (default: ${fallback})`).choices(BACKENDS);

/** Loads a training backend; reports on stderr which one it is and why faster ones are not available. */
export async function openBackend(context: CliContext, name: string): Promise<Backend> {
  const { loadBackend } = await import("@callsign/train/internal");
  const { backend, skipped } = await loadBackend(name);
  for (const { name, reason, enable } of skipped)
    context.stderr(`backend ${name} is not available (${reason}); to enable it: ${enable}\n`);
  context.stderr(`backend ${backend.name}: ${backend.device}\n`);
  return backend;
}
