import type { DetectorSet } from "@callsign/infer";
import type { CliContext } from "./context.ts";
import { ProgressLine } from "./progress.ts";

/** The flags of every command that runs several models. */
export interface OpenDetectorSetFlags {
  readonly threshold?: number;
  readonly falseAlarmsPerDay?: number;
  readonly embedding?: string;
}

/** Loads the models a command line names, telling on stderr of a download. Their thresholds stay the cards' own. */
export async function loadDetectorSetFor(
  context: CliContext,
  { models, flags }: { readonly models: readonly string[]; readonly flags: OpenDetectorSetFlags },
): Promise<DetectorSet> {
  const { loadDetectorSet } = await import("@callsign/infer/node");
  const progress = new ProgressLine(context);
  try {
    return await loadDetectorSet(models, {
      ...(flags.embedding === undefined ? {} : { embeddingPath: flags.embedding }),
      assets: { env: context.env, signal: context.signal, onProgress: (event) => progress.update(event) },
    });
  } finally {
    progress.finish();
  }
}
