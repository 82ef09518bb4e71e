import type { PlotOptions } from "@observablehq/plot";
import type { ChartLayout } from "./chart.ts";

/** Most points a chart can show; reduce longer series with `columnPeaks`. */
export const MAX_POINTS = 2500;

/** Style of a line that marks a limit. */
export const LIMIT_LINE = { stroke: "var(--muted)", strokeWidth: 1.5, strokeDasharray: "5 4" };

/** Margins and horizontal axis of a chart over time; equal, so that stacked charts align. */
export const timeAxis = (seconds: number, layout: ChartLayout): PlotOptions => ({
  marginLeft: 72,
  marginRight: 12,
  marginBottom: 40,
  x: { ...labelled("Time (s)"), domain: [0, seconds], ticks: layout.kind === "wide" ? 12 : 5 },
});

/** Horizontal axis with its label centred below. */
export const labelled = (label: string) =>
  ({ label, labelAnchor: "center", labelArrow: "none", labelOffset: 36, tickSize: 4 }) as const;

/** Ticks at 1, 2 and 5 of every decade in the range. */
export const logTicks = (from: number, to: number): number[] =>
  DECADES.flatMap((decade) => [1, 2, 5].map((digit) => Number(`${digit}e${decade}`))).filter(
    (tick) => tick >= from && tick <= to,
  );

const DECADES = [-3, -2, -1, 0, 1, 2, 3, 4, 5, 6];
