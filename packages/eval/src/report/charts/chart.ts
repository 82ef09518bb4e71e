import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { html, type SafeHtml, trusted } from "../html.ts";

export interface ChartOptions {
  /** Unique in the page: letters, digits and hyphens. */
  readonly id: string;
  /** Short title for screen readers. */
  readonly title: string;
  /** Description of the content for screen readers. */
  readonly description: string;
  /** Called for each layout. Use colours such as `var(--truth)` or `currentColor`, which follow the page's theme. */
  readonly draw: (layout: ChartLayout) => Plot.PlotOptions;
}

/** Layout of a chart. Each is drawn in two layouts and the page shows the one that fits, because scaled-down text is unreadable on a phone. */
export interface ChartLayout {
  readonly kind: "wide" | "narrow";
  /** In CSS pixels. */
  readonly width: number;
}

const LAYOUTS: readonly ChartLayout[] = [
  { kind: "wide", width: 960 },
  { kind: "narrow", width: 360 },
];

/** Renders a plot as inline SVG without scripts, fonts or network access. */
export function renderChart(options: ChartOptions): SafeHtml {
  return html`${LAYOUTS.map((layout) => renderLayout(options, layout))}`;
}

function renderLayout({ id, title, description, draw }: ChartOptions, layout: ChartLayout): SafeHtml {
  const { document } = parseHTML("<html><body></body></html>");
  const svg = Plot.plot({ ...draw(layout), width: layout.width, document, className: "plot", figure: false });
  // The page styles `.plot`; a style element in every chart would be redundant.
  for (const style of svg.querySelectorAll("style")) style.remove();
  // Plot labels its groups ("x-axis tick label"), which screen readers would read aloud after the title.
  for (const group of svg.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label");
  const inner = trusted(shortenNumbers(svg.innerHTML));
  const key = `${id}-${layout.kind}`;
  return html`<svg
    class="plot ${layout.kind}"
    viewBox="${svg.getAttribute("viewBox")}"
    role="img"
    aria-labelledby="${key}-title ${key}-description"
    fill="currentColor"
    text-anchor="middle"
  >
    <title id="${key}-title">${title}</title>
    <desc id="${key}-description">${description}</desc>
    ${inner}
  </svg>`;
}

/** Rounds coordinate attributes to a tenth of a pixel, which makes the file a third smaller. */
const shortenNumbers = (svg: string): string =>
  svg.replaceAll(/ (?:d|x|y|x1|x2|y1|y2|cx|cy|width|height|transform)="[^"]*"/g, (attribute) =>
    attribute.replaceAll(/-?\d+\.\d+/g, (number) => String(Math.round(Number(number) * 10) / 10)),
  );
