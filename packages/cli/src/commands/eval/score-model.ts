import type { ScoredKeyword } from "@callsign/eval/internal";
import type { Detector } from "@callsign/infer/internal";

import type { CliContext } from "../../context.ts";
import { ProgressLine } from "../../output/progress.ts";
import type { OpenRecordings } from "./recording-options.ts";

/** Scores the recordings with and without the words, with progress on stderr. */
export async function scoreModel(
  context: CliContext,
  detector: Detector,
  options: {
    /** Labels of the model by the keys of the recordings. */
    readonly labels: ReadonlyMap<string, string>;
    readonly recordings: OpenRecordings;
    /** Called for every recording that cannot be read. */
    readonly onFault: (message: string) => void;
  },
): Promise<ReadonlyMap<string, ScoredKeyword>> {
  const { scoreKeywords } = await import("@callsign/eval/internal");
  const { labels, onFault, recordings } = options;
  const { conditions, cacheDir } = recordings;
  const progress = new ProgressLine(context);
  try {
    return await scoreKeywords(detector, recordings, {
      labels,
      conditions,
      ...(cacheDir !== undefined && { cacheDir }),
      signal: context.signal,
      onProgress: (event) => progress.update(event),
      onFault: (_place, error) => onFault(error.message),
    });
  } finally {
    progress.finish();
  }
}
