import { type Detector, muteGateOf, reachable } from "@callsign/infer/internal";

/** A stretch in which a detector's gate was shut. */
export interface HeardCommand {
  readonly startMs: number;
  readonly endMs: number;
  /** Whose score was the highest in it. */
  readonly label: string;
  /** That highest score. */
  readonly score: number;
}

/** Gaps shorter than this are within one command. */
const BRIDGE_MS = 250;

/** What a detector hears in a recording from its start: stretches, not detections, so that each has an end and one name. */
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
    // While the gate is held none is.
    const best = (over.length > 0 ? over : all).reduce((a, b) => (b.score > a.score ? b : a));
    const last = heard.at(-1);
    if (last === undefined || timestampMs - last.endMs > BRIDGE_MS)
      heard.push({ startMs: timestampMs, endMs: timestampMs, ...best });
    else heard[heard.length - 1] = { ...last, endMs: timestampMs, ...(best.score > last.score && best) };
  }
  return heard;
}
