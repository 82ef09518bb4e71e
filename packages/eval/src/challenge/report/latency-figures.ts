import * as Plot from "@observablehq/plot";
import { LATEST_MS, SLOW_MS } from "../score.ts";
import { columnPeaks } from "../../report/charts/downsample.ts";
import { histogram, logEdges } from "../../statistics/histogram.ts";
import { percentile } from "../../statistics/percentile.ts";
import { labelled, LIMIT_LINE, logTicks, MAX_POINTS, timeAxis } from "../../report/charts/axes.ts";
import { renderChart } from "../../report/charts/chart.ts";
import type { SafeHtml } from "../../report/html.ts";

/** Histogram of label latencies on a logarithmic scale, with the challenge's limits. */
export function drawLatencyHistogram(overrunsMs: readonly number[]): SafeHtml {
  const [fastest, slowest] = rangeOf(overrunsMs);
  const bins = histogram(overrunsMs, logEdges(Math.min(fastest, 1), Math.max(slowest, AXIS_END_MS), 16));
  const highest = Math.max(...bins.map(({ count }) => count));
  const ticks = logTicks(bins[0]!.from, bins.at(-1)!.to);
  return renderChart({
    id: "latency-histogram",
    title: "Latency of labels",
    description: `Histogram of ${overrunsMs.length} frames, from ${fastest.toFixed(2)} to ${slowest.toFixed(2)} milliseconds.`,
    draw: (layout) => ({
      height: layout.kind === "wide" ? 240 : 210,
      marginLeft: 48,
      marginTop: 28,
      marginRight: 12,
      marginBottom: 40,
      x: { ...labelled("Labelled after emission (ms)"), type: "log", tickFormat: String, ticks },
      y: { label: null, grid: true, ticks: 4, tickSize: 0, domain: [0, highest * 1.05] },
      marks: [
        Plot.rect(bins, { x1: "from", x2: "to", y1: 0, y2: "count", fill: "var(--truth)", inset: 0.5 }),
        Plot.ruleX([SLOW_MS, LATEST_MS], LIMIT_LINE),
        Plot.text(LIMITS, { x: "at", text: "name", frameAnchor: "top", dy: -14, fill: "currentColor" }),
        Plot.ruleY([0], { stroke: "var(--soft)" }),
      ],
    }),
  });
}

/** Latency of each frame over the run: shows outliers and drift that a histogram hides. */
export function drawLatencyTrace(overrunsMs: readonly number[], periodMs: number): SafeHtml {
  const [fastest, slowest] = rangeOf(overrunsMs);
  const points = columnPeaks(overrunsMs, MAX_POINTS).map(({ index, value }) => ({
    at: (index * periodMs) / 1000,
    overrun: Math.max(SHORTEST_MS, value),
  }));
  const domain = [Math.min(fastest, 1), Math.max(slowest, AXIS_END_MS)] as const;
  const ticks = logTicks(...domain);
  return renderChart({
    id: "latency-trace",
    title: "Latency of labels over the run",
    description: `One dot a frame; the slowest took ${slowest.toFixed(2)} milliseconds.`,
    draw: (layout) => ({
      ...timeAxis((overrunsMs.length * periodMs) / 1000, layout),
      height: layout.kind === "wide" ? 240 : 210,
      y: { type: "log", label: null, grid: true, ticks, tickFormat: String, tickSize: 0, domain },
      marks: [
        Plot.ruleY([SLOW_MS, LATEST_MS], LIMIT_LINE),
        Plot.dot(points, {
          x: "at",
          y: "overrun",
          r: 1.3,
          fill: "var(--truth)",
          fillOpacity: 0.7,
          stroke: "none",
        }),
      ],
    }),
  });
}

const LIMITS = [
  { at: SLOW_MS, name: "slow" },
  { at: LATEST_MS, name: "invalid" },
];

/** End of the axis, beyond the last limit. */
const AXIS_END_MS = LATEST_MS * 1.5;

/** Lower bound for the logarithmic scale, which cannot show zero; no real latency is shorter. */
const SHORTEST_MS = 0.01;

const rangeOf = (overrunsMs: readonly number[]): [number, number] => [
  Math.max(SHORTEST_MS, percentile(overrunsMs, 0)),
  Math.max(SHORTEST_MS, percentile(overrunsMs, 100)),
];
