import { CallsignError, type DetectorSet, type Sensitivity } from "@callsign/infer";
import type { CliContext } from "./context.ts";
import { ProgressLine } from "./progress.ts";

/** The flags of every command that runs several models. */
export interface OpenDetectorSetFlags {
  readonly threshold?: number;
  readonly falseAlarmsPerDay?: number;
  readonly embedding?: string;
  /** For bare heads, in their order. */
  readonly name?: readonly string[];
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
      ...(flags.name === undefined ? {} : { headNames: flags.name }),
      assets: { env: context.env, signal: context.signal, onProgress: (event) => progress.update(event) },
    });
  } finally {
    progress.finish();
  }
}

/** The sensitivity that flags name. @throws CallsignError `INVALID_ARGUMENT` for both at once */
export function sensitivityOf(flags: {
  readonly threshold?: number;
  readonly falseAlarmsPerDay?: number;
}): Sensitivity {
  const { threshold, falseAlarmsPerDay } = flags;
  if (threshold !== undefined && falseAlarmsPerDay !== undefined)
    throw new CallsignError("INVALID_ARGUMENT", "give --threshold or --false-alarms-per-day, not both");
  return {
    ...(threshold !== undefined && { threshold }),
    ...(falseAlarmsPerDay !== undefined && { falseAlarmsPerDay }),
  };
}
