import type { ScoredRecording } from "@callsign/eval/internal";
import type { Detector } from "@callsign/infer/internal";

import type { CliContext } from "../../context.ts";
import { ProgressLine } from "../../output/progress.ts";
import type { OpenRecordings } from "./recording-options.ts";

/** Scores the recordings with and without the word, with progress on stderr. */
export async function scoreModel(
  context: CliContext,
  detector: Detector,
  options: {
    readonly label: string;
    readonly recordings: OpenRecordings;
    /** Called for every recording that cannot be read. */
    readonly onFault: (message: string) => void;
  },
): Promise<{ readonly positives: ScoredRecording[]; readonly negatives: ScoredRecording[] }> {
  const { scoreRecordings } = await import("@callsign/eval/internal");
  const { label, onFault, recordings } = options;
  const { signal } = context;
  const progress = new ProgressLine(context);
  const streaming = {
    label,
    conditions: recordings.conditions,
    signal,
    onProgress: (event: Parameters<ProgressLine["update"]>[0]) => progress.update(event),
    onFault: (_place: string, error: Error) => onFault(error.message),
  };
  try {
    return {
      positives: await scoreRecordings(detector, recordings.positives, { ...streaming, kind: "positive" }),
      negatives: await scoreRecordings(detector, recordings.negatives, { ...streaming, kind: "negative" }),
    };
  } finally {
    progress.finish();
  }
}
