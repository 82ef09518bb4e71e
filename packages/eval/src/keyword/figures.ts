import * as Plot from "@observablehq/plot";
import { histogram, type HistogramBin } from "../statistics/histogram.ts";
import { sigmoid, toLogit } from "../statistics/logistic.ts";
import { labelled } from "../report/charts/axes.ts";
import { renderChart } from "../report/charts/chart.ts";
import type { SafeHtml } from "../report/html.ts";

/** Histogram of the time from the end of the word to the detection, in bins of 80 ms. */
export function drawKeywordLatency(
  latenciesMs: readonly number[],
  { id, p50, p90 }: { readonly id: string; readonly p50: number; readonly p90: number },
): SafeHtml {
  const lowest = Math.floor(Math.min(0, ...latenciesMs) / BIN_MS) * BIN_MS;
  const highest = Math.max(lowest + 10 * BIN_MS, Math.ceil(Math.max(...latenciesMs) / BIN_MS) * BIN_MS);
  const edges = Array.from({ length: (highest - lowest) / BIN_MS + 1 }, (_, i) => lowest + i * BIN_MS);
  const bins = histogram(latenciesMs, edges);
  return renderChart({
    id,
    title: "Latency after the word",
    description: `${latenciesMs.length} detections; half of them within ${p50.toFixed(0)} milliseconds of the end of the word, nine tenths within ${p90.toFixed(0)}.`,
    draw: (layout) => ({
      height: layout.kind === "wide" ? 220 : 200,
      ...margins,
      x: { ...labelled("After the end of the word (ms)"), ticks: layout.kind === "wide" ? 12 : 5 },
      y: countAxis(bins),
      marks: [
        Plot.rect(bins, { x1: "from", x2: "to", y1: 0, y2: "count", fill: "var(--truth)", inset: 0.5 }),
        Plot.ruleX([p50, p90], { stroke: "var(--ink)", strokeDasharray: "5 4" }),
        // Two marks, because the text anchor is set per mark and the two lines may be close together.
        Plot.text([p50], {
          x: (at: number) => at,
          text: () => "p50",
          textAnchor: "end",
          dx: -3,
          ...overLine,
        }),
        Plot.text([p90], {
          x: (at: number) => at,
          text: () => "p90",
          textAnchor: "start",
          dx: 3,
          ...overLine,
        }),
        Plot.ruleY([0], { stroke: "var(--soft)" }),
      ],
    }),
  });
}

/** Histogram of the highest score of every recording on a logit scale: with the word upward, without it downward. */
export function drawPeakScores(options: {
  readonly id: string;
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
  readonly threshold: number | null;
}): SafeHtml {
  const up = shares(options.positives);
  const down = shares(options.negatives);
  const { threshold } = options;
  return renderChart({
    id: options.id,
    title: "Highest score of every recording",
    description: `Upward ${options.positives.length} recordings with the word, downward ${options.negatives.length} without it, by the highest score in each.`,
    draw: (layout) => ({
      height: layout.kind === "wide" ? 240 : 220,
      ...margins,
      x: {
        ...labelled("Highest score"),
        domain: [-LOGIT_END, LOGIT_END],
        ticks: (layout.kind === "wide" ? WIDE_TICKS : NARROW_TICKS).map(toLogit),
        tickFormat: (logit: number) => String(Number(sigmoid(logit).toPrecision(5))),
      },
      y: {
        label: null,
        grid: true,
        tickSize: 0,
        ticks: 5,
        tickFormat: (share: number) => `${Math.abs(share)} %`,
      },
      marks: [
        Plot.rect(up, { x1: "from", x2: "to", y1: 0, y2: "share", fill: "var(--truth)", inset: 0.5 }),
        Plot.rect(
          down.map((bin) => ({ ...bin, share: -bin.share })),
          { x1: "from", x2: "to", y1: 0, y2: "share", fill: "var(--muted)", inset: 0.5 },
        ),
        Plot.ruleX(threshold === null ? [] : [clampLogit(threshold)], {
          stroke: "var(--ink)",
          strokeDasharray: "5 4",
        }),
        Plot.ruleY([0], { stroke: "var(--soft)" }),
      ],
    }),
  });
}

/** Width of a bin: one step of models that read a sequence of embeddings. */
const BIN_MS = 80;

const overLine = { frameAnchor: "top", dy: -14, fill: "currentColor" } as const;

const margins = { marginLeft: 52, marginTop: 28, marginRight: 16, marginBottom: 40 } as const;

const countAxis = (bins: readonly HistogramBin[]): Plot.ScaleOptions => ({
  label: null,
  grid: true,
  ticks: 4,
  tickSize: 0,
  domain: [0, Math.max(1, ...bins.map(({ count }) => count)) * 1.05],
});

/** Ends of the logit axis, scores 0.00005 and 0.99995; scores beyond are drawn at the edge. */
const LOGIT_END = 10;
const WIDE_TICKS = [0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999];
const NARROW_TICKS = [0.001, 0.1, 0.5, 0.9, 0.999];

const clampLogit = (score: number): number => Math.min(LOGIT_END, Math.max(-LOGIT_END, toLogit(score)));

function shares(peaks: readonly number[]) {
  const edges = Array.from({ length: 41 }, (_, i) => -LOGIT_END + (i * LOGIT_END) / 20);
  return histogram(peaks.map(clampLogit), edges).map(({ from, to, count }) => ({
    from,
    to,
    share: (100 * count) / Math.max(1, peaks.length),
  }));
}
