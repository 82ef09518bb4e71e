import { commandLabels, type Detector, muteGateOf } from "@callsign/infer/internal";
import { warmUp } from "@callsign/infer/node/internal";
import type { FrameLabel, Labeller } from "./labeller.ts";

/**
 * Labeller that mutes while the detector's mute gate is closed. Patience and refractory period apply to detections only.
 * A frame that completes no step repeats the previous label; before the first step nothing is muted.
 */
export function createDetectorLabeller(detector: Pick<Detector, "card" | "push" | "rehearse">): Labeller {
  const { labels, decision } = detector.card;
  const commands = commandLabels(detector.card);
  const thresholds = commands.map((label) => decision.thresholds[label]!);
  const gate = muteGateOf(detector.card);
  let last: FrameLabel = { muted: false, score: 0 };
  return {
    threshold: new Set(thresholds).size === 1 ? thresholds[0]! : null,
    label: async (frame) => {
      const steps = await detector.push(frame);
      for (const { scores, timestampMs } of steps) {
        const { muted } = gate.step(scores, timestampMs);
        last = { muted, score: Math.max(...scores.filter((_, i) => labels[i] !== decision.background)) };
      }
      return last;
    },
    warmUp: async () => {
      await warmUp(() => detector.rehearse(), { maxRuns: 200 });
    },
  };
}
