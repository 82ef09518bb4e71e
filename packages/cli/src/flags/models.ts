import { CallsignError } from "@callsign/audio/internal";
import { type Detector, type Sensitivity } from "@callsign/infer/internal";
import type { CliContext } from "../context.ts";
import { type HeadFlags, headOf, namesInOrder } from "./heads.ts";
import type { Threshold } from "./threshold.ts";
import { ProgressLine } from "../output/progress.ts";

/** The flags of every command that runs several models. */
export interface OpenModelsFlags extends HeadFlags {
  readonly threshold?: Threshold;
  readonly falseAlarmsPerDay?: number;
  readonly embedding?: string;
}

/** Loads the models a command line names, reporting a download and guesses on stderr. Their thresholds stay the cards' own. */
export async function loadDetectorFor(
  context: CliContext,
  { models, flags }: { readonly models: readonly string[]; readonly flags: OpenModelsFlags },
): Promise<Detector> {
  const { loadDetector } = await import("@callsign/infer/node/internal");
  const progress = new ProgressLine(context);
  try {
    const headNames = namesInOrder(flags, models);
    const named = { ...flags, name: (flags.name ?? []).filter((name) => !headNames.includes(name)) };
    const sources = models.map((path) => ({ path, head: headOf(named, { model: path, models }) }));
    return await loadDetector(sources, {
      headNames,
      onNote: (note) => context.stderr(`${note}\n`),
      ...(flags.embedding === undefined ? {} : { embeddingPath: flags.embedding }),
      assets: { env: context.env, signal: context.signal, onProgress: (event) => progress.update(event) },
    });
  } finally {
    progress.finish();
  }
}

/** The sensitivity that flags name. @throws CallsignError `INVALID_ARGUMENT` for both at once */
export function sensitivityOf(flags: {
  readonly threshold?: Threshold;
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
