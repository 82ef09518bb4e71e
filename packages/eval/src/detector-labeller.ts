import type { Detector } from "@callsign/infer";
import { warmUp } from "@callsign/infer/node";
import type { FrameLabel, Labeller } from "./labeller.ts";

/**
 * Mutes while a detector's newest score of any label reaches that label's threshold. Patience and refractory period
 * belong to detections and do not apply: a gate must stay shut for as long as a command lasts. A frame that
 * completes no step keeps the last answer; before the first step the stream is broadcast.
 */
export function createDetectorLabeller(detector: Pick<Detector, "card" | "push" | "rehearse">): Labeller {
  const { labels, decision } = detector.card;
  const thresholds = labels.map((label) => decision.thresholds[label]!);
  let last: FrameLabel = { muted: false, score: 0 };
  return {
    threshold: new Set(thresholds).size === 1 ? thresholds[0]! : null,
    label: async (frame) => {
      const step = (await detector.push(frame)).at(-1);
      if (step !== undefined) last = labelOf(step.scores, thresholds);
      return last;
    },
    warmUp: async () => {
      await warmUp(() => detector.rehearse(), { maxRuns: 200 });
    },
  };
}

function labelOf(scores: Float32Array, thresholds: readonly number[]): FrameLabel {
  // Scores are float32: the float32 nearest to a threshold must reach it, as in the decision stage.
  const muted = scores.some((score, i) => score >= Math.min(thresholds[i]!, Math.fround(thresholds[i]!)));
  return { muted, score: Math.max(...scores) };
}
