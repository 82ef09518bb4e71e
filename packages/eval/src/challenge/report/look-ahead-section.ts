import type { LookAheadPoint } from "../look-ahead.ts";
import type { SafeHtml } from "../../report/html.ts";
import { drawLines } from "../../report/charts/line-chart.ts";
import { figure, section, table } from "../../report/sections.ts";

/** Report section on scores with delayed audio; false if no delays were evaluated. */
export function lookAheadSection(points: readonly LookAheadPoint[] | undefined): SafeHtml | false {
  if (points === undefined || points.length === 0) return false;
  const best = points.reduce((a, b) => (b.score > a.score ? b : a));
  return section(
    {
      id: "look-ahead",
      heading: "Scores with delayed audio",
      lead: "If the outgoing audio is delayed, every mute begins earlier by the delay, so that the start of a command is muted too.",
    },
    figure({
      picture: drawLines({
        id: "look-ahead-curve",
        title: "Challenge score by delay",
        description: `Highest, ${best.score.toFixed(4)}, at ${best.delayMs} ms.`,
        x: "Delay of the outgoing audio (ms)",
        y: "Score",
        lines: [
          {
            colour: "var(--score)",
            points: points.map(({ delayMs, score }) => ({ x: delayMs, y: score })),
          },
        ],
      }),
      legend: [{ label: "challenge score", swatch: "score" }],
      caption: `The same run at every delay. It is highest at ${best.delayMs} ms.`,
    }),
    table({
      caption: "Precision and recall of muting",
      columns: [
        { heading: "Delay (ms)", kind: "number" },
        { heading: "Score", kind: "number" },
        { heading: "Precision", kind: "number" },
        { heading: "Recall", kind: "number" },
      ],
      rows: points.map(({ delayMs, score, commandPrecision, commandRecall }) => [
        String(delayMs),
        score.toFixed(5),
        commandPrecision?.toFixed(5) ?? "–",
        commandRecall?.toFixed(5) ?? "–",
      ]),
    }),
  );
}
