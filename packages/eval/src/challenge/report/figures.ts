import * as Plot from "@observablehq/plot";
import { columnPeaks } from "../../report/charts/downsample.ts";
import type { ChallengeReport } from "./report.ts";
import { percentile } from "../../statistics/percentile.ts";
import { LIMIT_LINE, MAX_POINTS, timeAxis } from "../../report/charts/axes.ts";
import { renderChart } from "../../report/charts/chart.ts";
import type { SafeHtml } from "../../report/html.ts";
import { joinSpans, mutedSpans, type Span } from "../spans.ts";

/** Chart of the waveform, with the true commands and the muted intervals below it. */
export function drawTimeline(report: ChallengeReport): SafeHtml {
  const seconds = secondsOf(report);
  const { low, high, columnLength } = report.waveform;
  const peak = Math.max(1, percentile(high, 100), -percentile(low, 0));
  const columns = low.map((value, i) => ({
    at: seconds((i + 0.5) * columnLength),
    low: value / peak,
    high: high[i]! / peak,
  }));
  const truth = truthSpans(report);
  const muted = shownSpans(report);
  return renderChart({
    id: "timeline",
    title: "Waveform, commands and muting over time",
    description: `${truth.length} commands ${listSpans(truth, seconds)}. Muted ${muted.length} times ${listSpans(muted, seconds)}.`,
    draw: (layout) => ({
      ...timeAxis(seconds(report.clip.samplesScored), layout),
      height: layout.kind === "wide" ? 290 : 230,
      y: { axis: null, domain: [-2.2, 1.05] },
      marks: [
        Plot.rect(truth, band(seconds, { y1: -2.2, y2: 1.05, fill: "var(--truth)", fillOpacity: 0.13 })),
        Plot.areaY(columns, { x: "at", y1: "low", y2: "high", fill: "var(--wave)", curve: "step" }),
        Plot.ruleY([-1.35, -1.85], { stroke: "var(--grid)" }),
        Plot.rect(truth, band(seconds, { y1: -1.5, y2: -1.2, fill: "var(--truth)" })),
        Plot.rect(muted, band(seconds, { y1: -2, y2: -1.7, fill: "var(--muted)" })),
        laneLabels([
          { lane: "Audio", y: 0 },
          { lane: "Command", y: -1.35 },
          { lane: "Muted", y: -1.85 },
        ]),
      ],
    }),
  });
}

/** Chart of the score of every frame, the threshold, and the true commands. */
export function drawScoreTrace(report: ChallengeReport): SafeHtml {
  const seconds = secondsOf(report);
  const { threshold, scores } = report.frames;
  // A frame's score is known at its end.
  const trace = columnPeaks(scores, MAX_POINTS).map(({ index, value }) => ({
    at: seconds((index + 1) * report.truth.frameLength),
    score: value,
  }));
  const truth = truthSpans(report);
  const muted = shownSpans(report);
  const thresholdText = threshold === null ? "" : ` The threshold is ${threshold}.`;
  return renderChart({
    id: "score-trace",
    title: "Command score over time",
    description: `Score of every frame from 0 to 1; highest ${percentile(
      trace.map(({ score }) => score),
      100,
    ).toFixed(3)}.${thresholdText}`,
    draw: (layout) => ({
      ...timeAxis(seconds(report.clip.samplesScored), layout),
      height: layout.kind === "wide" ? 240 : 200,
      y: { domain: [0, 1.1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], label: null, tickSize: 0, grid: true },
      marks: [
        Plot.rect(truth, band(seconds, { y1: 0, y2: 1, fill: "var(--truth)", fillOpacity: 0.13 })),
        Plot.rect(muted, band(seconds, { y1: 1.04, y2: 1.1, fill: "var(--muted)" })),
        Plot.lineY(trace, { x: "at", y: "score", stroke: "var(--score)", strokeWidth: 1.2 }),
        Plot.ruleY(threshold === null ? [] : [threshold], LIMIT_LINE),
      ],
    }),
  });
}

/** Converter from samples to seconds. */
export const secondsOf =
  ({ truth }: ChallengeReport) =>
  (samples: number): number =>
    samples / truth.sampleRateHz;

/** Gaps of less than half a pixel are closed. */
const shownSpans = ({ frames, truth, clip }: ChallengeReport): Span[] =>
  joinSpans(mutedSpans(frames.labels, truth.frameLength), clip.samplesScored / 2000);

function truthSpans({ truth, clip }: ChallengeReport): Span[] {
  return truth.commands
    .filter(({ startSample }) => startSample < clip.samplesScored)
    .map(({ startSample, endSample }) => ({
      from: startSample,
      to: Math.min(endSample + 1, clip.samplesScored),
    }));
}

const band = (
  seconds: (samples: number) => number,
  look: { y1: number; y2: number; fill: string; fillOpacity?: number },
): Plot.RectOptions => ({
  ...look,
  x1: ({ from }: Span) => seconds(from),
  x2: ({ to }: Span) => seconds(to),
});

const laneLabels = (lanes: readonly { readonly lane: string; readonly y: number }[]): Plot.Markish =>
  Plot.text(lanes, {
    y: "y",
    text: "lane",
    frameAnchor: "left",
    textAnchor: "end",
    dx: -8,
    fill: "currentColor",
  });

/** Times of at most a dozen spans, for the description of the chart. */
function listSpans(spans: readonly Span[], seconds: (samples: number) => number): string {
  const shown = spans
    .slice(0, 12)
    .map(({ from, to }) => `${seconds(from).toFixed(1)} to ${seconds(to).toFixed(1)} s`);
  if (spans.length > shown.length) shown.push(`and ${spans.length - shown.length} more`);
  return shown.length === 0 ? "" : `(${shown.join(", ")})`;
}
