import type { Backend } from "@callsign/train/internal";

import type { CliContext } from "../context.ts";

/** Loads a training backend, telling on stderr which it is and why faster ones are not there. */
export async function openBackend(context: CliContext, name: string): Promise<Backend> {
  const { loadBackend } = await import("@callsign/train/internal");
  const { backend, skipped } = await loadBackend(name);
  for (const { name, reason, enable } of skipped)
    context.stderr(`backend ${name} is not available (${reason}); to enable it: ${enable}\n`);
  context.stderr(`backend ${backend.name}: ${backend.device}\n`);
  return backend;
}
