import { type Detector, muteGateOf, reachable } from "@callsign/infer/internal";

/** Interval during which a detector's mute gate was closed. */
export interface HeardCommand {
  readonly startMs: number;
  readonly endMs: number;
  /** Label with the highest score in the interval. */
  readonly label: string;
  /** That highest score. */
  readonly score: number;
}

/** Intervals separated by at most this gap are one command. */
const BRIDGE_MS = 250;

/** Intervals of a recording in which the detector's mute gate is closed, each with its best label. Unlike detections they have an end. */
export async function heardCommands(
  detector: Pick<Detector, "card" | "push">,
  samples: Float32Array,
): Promise<HeardCommand[]> {
  const { labels, decision } = detector.card;
  const gate = muteGateOf(detector.card);
  const heard: HeardCommand[] = [];
  for (const { scores, timestampMs } of await detector.push(samples)) {
    if (!gate.step(scores, timestampMs).muted) continue;
    const all = labels
      .map((label, i) => ({ label, score: scores[i]! }))
      .filter(({ label }) => label !== decision.background);
    const over = all.filter(({ label, score }) => score >= reachable(decision.thresholds[label]!));
    // None reaches its threshold while the gate is held closed.
    const best = (over.length > 0 ? over : all).reduce((a, b) => (b.score > a.score ? b : a));
    const last = heard.at(-1);
    if (last === undefined || timestampMs - last.endMs > BRIDGE_MS)
      heard.push({ startMs: timestampMs, endMs: timestampMs, ...best });
    else heard[heard.length - 1] = { ...last, endMs: timestampMs, ...(best.score > last.score && best) };
  }
  return heard;
}
