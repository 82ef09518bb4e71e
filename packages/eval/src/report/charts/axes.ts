import type { PlotOptions } from "@observablehq/plot";
import type { ChartLayout } from "./chart.ts";

/** More points than this a chart cannot show; of a longer series draw the `columnPeaks`. */
export const MAX_POINTS = 2500;

/** Look of a line that marks a limit. */
export const LIMIT_LINE = { stroke: "var(--muted)", strokeWidth: 1.5, strokeDasharray: "5 4" };

/** Margins and horizontal axis of a chart over time; charts below each other line up. */
export const timeAxis = (seconds: number, layout: ChartLayout): PlotOptions => ({
  marginLeft: 72,
  marginRight: 12,
  marginBottom: 40,
  x: { ...labelled("Time (s)"), domain: [0, seconds], ticks: layout.kind === "wide" ? 12 : 5 },
});

/** A horizontal axis with its name below its middle. */
export const labelled = (label: string) =>
  ({ label, labelAnchor: "center", labelArrow: "none", labelOffset: 36, tickSize: 4 }) as const;

/** 1, 2 and 5 of every decade in the range, and no clutter between. */
export const logTicks = (from: number, to: number): number[] =>
  DECADES.flatMap((decade) => [1, 2, 5].map((digit) => Number(`${digit}e${decade}`))).filter(
    (tick) => tick >= from && tick <= to,
  );

const DECADES = [-3, -2, -1, 0, 1, 2, 3, 4, 5, 6];
