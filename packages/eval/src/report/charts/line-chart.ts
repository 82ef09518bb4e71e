import * as Plot from "@observablehq/plot";
import { labelled } from "./axes.ts";
import { renderChart } from "./chart.ts";
import type { SafeHtml } from "../html.ts";

export interface LineChartOptions {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Label of the horizontal axis. */
  readonly x: string;
  readonly y: string;
  readonly lines: readonly {
    /** Colour of the page's theme, such as `var(--truth)`. */
    readonly colour: string;
    readonly points: readonly { readonly x: number; readonly y: number }[];
  }[];
}

/** Line chart with a vertical axis that starts at zero. */
export const drawLines = ({ id, title, description, x, y, lines }: LineChartOptions): SafeHtml =>
  renderChart({
    id,
    title,
    description,
    draw: (layout) => ({
      height: layout.kind === "wide" ? 260 : 220,
      marginLeft: 56,
      marginRight: 12,
      marginBottom: 40,
      x: labelled(x),
      y: { label: y, tickSize: 0, grid: true, zero: true, nice: true },
      marks: lines.map(({ colour, points }) =>
        Plot.lineY(
          points.filter((point) => Number.isFinite(point.y)),
          { x: "x", y: "y", stroke: colour, strokeWidth: 1.4 },
        ),
      ),
    }),
  });
