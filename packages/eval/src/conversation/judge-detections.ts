import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Detection } from "@callsign/infer/internal";
import type { ChallengeTruth } from "../challenge/truth.ts";

/** A command that was said, and its detection. */
export interface JudgedCommand {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** The first detection of its label from the command's start to `LATE_MS` after its end; undefined if it was missed. */
  readonly detection: Detection | undefined;
}

/** Detections of a conversation compared with what was said. */
export interface JudgedDetections {
  readonly commands: readonly JudgedCommand[];
  /** All other detections, also a second one of the same command. */
  readonly falseAlarms: readonly Detection[];
}

/** Compares detections, in order of time, with the commands of a conversation, whose texts are labels. */
export function judgeDetections(truth: ChallengeTruth, detections: readonly Detection[]): JudgedDetections {
  const left = new Set(detections);
  const toMs = (sample: number): number => (1000 * sample) / SAMPLE_RATE_HZ;
  const commands = truth.commands.map(({ startSample, endSample, text = "command" }) => {
    const [startMs, endMs] = [toMs(startSample), toMs(endSample)];
    const detection = [...left].find(
      ({ label, timestampMs }) => label === text && timestampMs >= startMs && timestampMs <= endMs + LATE_MS,
    );
    if (detection !== undefined) left.delete(detection);
    return { text, startMs, endMs, detection };
  });
  return { commands, falseAlarms: [...left] };
}

/** A detection needs the end of the command in its window, and a patience of some steps. */
export const LATE_MS = 1000;
