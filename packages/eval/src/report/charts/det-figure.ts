import * as Plot from "@observablehq/plot";
import { poissonInterval, wilsonInterval } from "../../statistics/confidence-interval.ts";
import type { DetCurve, DetPoint } from "../../detection/det-curve.ts";
import type { OperatingPoint } from "../../detection/operating-point.ts";
import { labelled, logTicks } from "./axes.ts";
import { renderChart } from "./chart.ts";
import type { SafeHtml } from "../html.ts";

/** A DET curve to draw, with its name and colour. */
export interface NamedCurve {
  readonly name: string;
  /** Colour of the page's theme, such as `var(--truth)`. */
  readonly colour: string;
  readonly curve: DetCurve;
  readonly operatingPoints: readonly OperatingPoint[];
}

/**
 * DET curves: misses against false accepts per hour. The band is the Wilson interval of the misses; at the operating
 * points a horizontal bar shows the Garwood interval of the false accepts.
 */
export function drawDetCurves(
  curves: readonly NamedCurve[],
  { id = "det" }: { readonly id?: string } = {},
): SafeHtml {
  const lines = curves.flatMap(({ name, colour, curve }) =>
    envelope(curve).map((point) => ({ ...point, name, colour })),
  );
  const marks = curves.flatMap(({ name, colour, curve, operatingPoints }) =>
    operatingPoints
      .filter(({ threshold }) => threshold !== null)
      .map((point) => markOf(point, { name, colour, curve })),
  );
  const highest = Math.max(0.05, ...marks.map(({ high }) => high * 100), ...lines.map(({ miss }) => miss));
  const top = Math.min(100, Math.ceil(highest / 5) * 5);
  return renderChart({
    id,
    title: "Misses against false accepts per hour",
    description: curves
      .map(({ name, operatingPoints }) => `${name}: ${operatingPoints.map(inWords).join("; ")}.`)
      .join(" "),
    draw: (layout) => ({
      height: layout.kind === "wide" ? 400 : 320,
      marginLeft: 52,
      marginRight: 16,
      marginBottom: 44,
      x: {
        ...labelled("False accepts per hour"),
        type: "log",
        domain: [LEAST_RATE, MAX_RATE],
        ticks: logTicks(LEAST_RATE, MAX_RATE),
        tickFormat: String,
      },
      y: {
        label: null,
        grid: true,
        domain: [0, top],
        ticks: 6,
        tickSize: 0,
        tickFormat: (miss: number) => `${miss} %`,
      },
      marks: [
        Plot.areaY(lines, {
          x: "rate",
          y1: "low",
          y2: "high",
          z: "name",
          fill: "colour",
          fillOpacity: 0.14,
          curve: "step-after",
        }),
        Plot.line(lines, {
          x: "rate",
          y: "miss",
          z: "name",
          stroke: "colour",
          strokeWidth: 2,
          curve: "step-after",
        }),
        Plot.ruleY(marks, {
          x1: "rateLow",
          x2: "rateHigh",
          y: "miss",
          stroke: "colour",
          strokeWidth: 1,
          strokeOpacity: 0.55,
        }),
        Plot.dot(marks, {
          x: "allowed",
          y: "miss",
          r: 4,
          fill: "colour",
          stroke: "var(--card)",
          strokeWidth: 1.5,
        }),
        Plot.ruleY([0], { stroke: "var(--soft)" }),
      ],
    }),
  });
}

const LEAST_RATE = 0.05;
const MAX_RATE = 20;

/** Fewest misses within each rate of false accepts, from which operating points are chosen. */
function envelope({ points, positives }: DetCurve) {
  const corners: { rate: number; miss: number; low: number; high: number }[] = [];
  let most = 0;
  let best: DetPoint | undefined;
  const add = (rate: number): void => {
    if (best === undefined) return;
    const { low, high } = wilsonInterval(best.misses, positives);
    const corner = { rate, miss: 100 * best.falseRejectRate, low: 100 * low, high: 100 * high };
    if (corners.at(-1)?.rate === rate) corners.pop();
    corners.push(corner);
  };
  for (const point of points) {
    most = Math.max(most, point.falseAcceptsPerHour);
    if (most > MAX_RATE) break;
    if (best !== undefined && point.misses >= best.misses) continue;
    best = point;
    add(Math.max(LEAST_RATE, most));
  }
  add(MAX_RATE);
  return corners;
}

function markOf(
  point: OperatingPoint,
  { name, colour, curve }: { name: string; colour: string; curve: DetCurve },
) {
  const { low, high } = poissonInterval(point.falseAccepts, curve.negativeHours);
  return {
    name,
    colour,
    allowed: point.falseAcceptsPerHour,
    miss: 100 * point.falseRejectRate,
    high: point.interval.high,
    rateLow: Math.max(LEAST_RATE, low),
    rateHigh: Math.min(MAX_RATE, high),
  };
}

const inWords = ({ falseAcceptsPerHour, falseRejectRate }: OperatingPoint): string =>
  `${(100 * falseRejectRate).toFixed(1)} % missed at ${falseAcceptsPerHour} per hour`;
