import { readMagnitudes } from "@callsign/audio/node/internal";
import type { Recording } from "./find-recordings.ts";
import {
  type Conditions,
  type RecordingContent,
  stageRecording,
  type StagedRecording,
} from "./stage-recording.ts";

/** A staged recording without its samples; `restage` computes them again. */
export type StagedFacts = Omit<StagedRecording, "samples">;

/** Reads and stages a recording: the same samples every time. */
export async function restage(
  recording: Pick<Recording, "path" | "name">,
  options: {
    readonly content: RecordingContent;
    readonly conditions: Conditions;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<StagedRecording> {
  const { content, conditions, signal } = options;
  const samples = await readMagnitudes(recording.path, signal === undefined ? {} : { signal });
  return stageRecording(samples, { name: recording.name, content, conditions });
}
