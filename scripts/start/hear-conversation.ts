import { type ChallengeTruth, type JudgedDetections, judgeDetections } from "@callsign/eval/internal";
import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Detector } from "@callsign/infer/internal";

/** What a detector heard in a conversation, and what it cost. */
export interface Heard extends JudgedDetections {
  readonly minutes: number;
  /** Seconds of one core for a second of audio. */
  readonly cpuPerSecond: number;
}

/** Streams a conversation through a detector as fast as it goes. */
export async function hearConversation(
  detector: Detector,
  { samples, truth }: { readonly samples: Float32Array; readonly truth: ChallengeTruth },
): Promise<Heard> {
  await detector.rehearse();
  const before = process.cpuUsage();
  const steps = await detector.push(samples);
  const { user, system } = process.cpuUsage(before);
  const seconds = samples.length / SAMPLE_RATE_HZ;
  return {
    ...judgeDetections(
      truth,
      steps.flatMap(({ detections }) => detections),
    ),
    minutes: seconds / 60,
    cpuPerSecond: (user + system) / 1e6 / seconds,
  };
}

/** Lines for a person: every command with its detection, false alarms, the sums, the cost. */
export function formatHeard({ commands, falseAlarms, minutes, cpuPerSecond }: Heard): string {
  const hits = commands.filter(({ detection }) => detection !== undefined).length;
  const said = commands.map(({ text, startMs, detection }) => ({
    atMs: startMs,
    line: `said ${text.padEnd(22)} ${detection ? `heard at ${clock(detection.timestampMs)} (score ${detection.score.toFixed(2)})` : "MISSED"}`,
  }));
  const wrong = falseAlarms.map(({ label, score, timestampMs }) => ({
    atMs: timestampMs,
    line: `FALSE ALARM: ${label} (score ${score.toFixed(2)})`,
  }));
  const lines = [...said, ...wrong].toSorted((a, b) => a.atMs - b.atMs);
  return [
    ...lines.map(({ atMs, line }) => `  ${clock(atMs)}  ${line}`),
    "",
    `  ${hits} of ${commands.length} heard, ${commands.length - hits} missed; ${countOf(falseAlarms.length)} in ${minutes.toFixed(1)} minutes ` +
      `(${((60 * falseAlarms.length) / minutes).toFixed(1)} an hour)`,
    `  CPU: ${(1000 * cpuPerSecond).toFixed(1)} ms for a second of audio, ${(100 * cpuPerSecond).toFixed(1)} % of one core`,
  ].join("\n");
}

const countOf = (count: number): string =>
  count === 0 ? "no false alarm" : `${count} false alarm${count === 1 ? "" : "s"}`;

/** `1:02.4` */
function clock(ms: number): string {
  const tenths = Math.round(ms / 100);
  return `${Math.floor(tenths / 600)}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}
