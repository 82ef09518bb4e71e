import type { ArtifactStore } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { Option } from "commander";

import type { CliContext } from "../context.ts";

/** `--queue`: where jobs for many machines are. */
export const queueOption = (): Option =>
  new Option(
    "--queue <url>",
    "have the jobs done by `callsign worker`s on the queue of this Redis or Valkey",
  );

/** `--store`: where the files of jobs are. */
export const storeOption = (): Option =>
  new Option(
    "--store <place>",
    "files of the jobs: a folder that all machines share, or s3://bucket/prefix (with --queue)",
  );

/** Opens the store of a queue. @throws CallsignError `INVALID_ARGUMENT` without one, and as `openStore` */
export async function openGivenStore(
  { env }: Pick<CliContext, "env">,
  place: string | undefined,
): Promise<ArtifactStore> {
  if (place === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "--queue: expected --store with it, a folder that all machines share or s3://bucket/prefix, where the files of the jobs are",
    );
  const { openStore } = await import("@callsign/data/internal");
  return openStore(place, { env });
}

/** Prints each note once, at once: a build on a queue may wait for what the note says. */
export function printOnce({ stderr }: Pick<CliContext, "stderr">): (note: string) => void {
  const printed = new Set<string>();
  return (note) => {
    if (printed.has(note)) return;
    printed.add(note);
    stderr(`note: ${note}\n`);
  };
}
