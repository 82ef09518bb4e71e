import { FaultTally } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import type { Progress } from "@callsign/infer/internal";
import type { Recording } from "./find-recordings.ts";
import { PADDING_SECONDS, type RecordingContent, type StagedRecording } from "./stage-recording.ts";

export interface EachRecordingOptions {
  readonly content: RecordingContent;
  /** Name of the recordings in progress and messages. Default: `positives` for words, `negatives` for talk. */
  readonly stage?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Called for each unreadable recording. The evaluation fails if more than 2 % cannot be read, unless that is at most 3 and at most half. */
  readonly onFault?: (place: string, error: CallsignError) => void;
}

/**
 * Calls `work` for one recording after the other, with progress; leaves out those that cannot be read.
 * @throws CallsignError `TOO_MANY_FAULTS`, `CORPUS_EMPTY` if none can be read, `ABORTED`
 */
export async function eachRecording<Result extends { readonly staged: Pick<StagedRecording, "seconds"> }>(
  recordings: readonly Recording[],
  options: EachRecordingOptions,
  work: (recording: Recording) => Promise<Result>,
): Promise<Result[]> {
  const { content, signal, onProgress } = options;
  const { stage = content === "word" ? "positives" : "negatives" } = options;
  const tally = new FaultTally(stage, {
    mostShare: MAX_FAULTS,
    few: FEW_FAULTS,
    onFault: ({ place, error }) => options.onFault?.(place, error),
  });
  const results: Result[] = [];
  let seconds = 0;
  for (const [i, recording] of recordings.entries()) {
    if (signal?.aborted) throw new CallsignError("ABORTED", `evaluation: stopped at ${recording.name}`);
    const result = await tally.attempt(recording.path, () => work(recording));
    if (result !== undefined) {
      tally.countGood();
      results.push(result);
      seconds += result.staged.seconds + PADDING_SECONDS.before + PADDING_SECONDS.after;
    }
    const note = `${(seconds / 60).toFixed(1)} min streamed`;
    onProgress?.({ stage, done: i + 1, total: recordings.length, unit: "recordings", note });
  }
  tally.finish();
  if (results.length > 0) return results;
  throw new CallsignError(
    "CORPUS_EMPTY",
    `evaluation: none of the recordings (${stage}) can be read; expected audio files`,
  );
}

const MAX_FAULTS = 0.02;
/** Number allowed in a small set, where a single one exceeds the share. */
const FEW_FAULTS = 3;
