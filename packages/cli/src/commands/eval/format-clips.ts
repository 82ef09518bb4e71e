import type { ClipsSummary, Interval } from "@callsign/eval/internal";

/** A model and its summary over the clips. */
export interface ScoredModel {
  readonly model: string;
  readonly summary: ClipsSummary;
}

/** Formats the summaries of models on the same clips. */
export function formatClips(scored: readonly ScoredModel[]): string {
  const lines = scored.flatMap(({ model, summary }) => {
    const { clips, minutes, lookAhead, commands } = summary;
    const rows: [string, string][] = [
      ["challenge score, mean", withInterval(summary.score, summary.interval)],
      ["muted needlessly", `${summary.needlessSecondsPerMinute.toFixed(2)} s per minute`],
      ["precision (command)", summary.commandPrecision?.toFixed(4) ?? "none"],
      ["recall (command)", summary.commandRecall?.toFixed(4) ?? "none"],
      ...Object.entries(commands).map(([text, { count, mutedShare, missed }]): [string, string] => [
        `"${text}" muted`,
        `${(100 * mutedShare).toFixed(1)} % of each; ${missed} of ${count} not at all`,
      ]),
      ...lookAhead.map(({ delayMs, score, interval }): [string, string] => [
        `delayed by ${delayMs} ms`,
        withInterval(score, interval),
      ]),
    ];
    const width = Math.max(...rows.map(([name]) => name.length));
    return [
      `${model}: ${clips} clips, ${minutes.toFixed(1)} minutes`,
      ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    ];
  });
  return `${lines.join("\n")}\n`;
}

const withInterval = (value: number, { low, high }: Interval): string =>
  `${value.toFixed(4)} (95 %: ${low.toFixed(4)} to ${high.toFixed(4)})`;
