import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { html, type SafeHtml, trusted } from "../html.ts";

export interface ChartOptions {
  /** Unique in the page: letters, digits and hyphens. */
  readonly id: string;
  /** What the picture is, in a few words, for those who cannot see it. */
  readonly title: string;
  /** What it shows. */
  readonly description: string;
  /** Called for each layout. Colours as `var(--truth)` or `currentColor`, so that they follow the page's. */
  readonly draw: (layout: ChartLayout) => Plot.PlotOptions;
}

/** A chart is drawn twice, and the page shows the one that fits: scaled down, its letters could not be read on a phone. */
export interface ChartLayout {
  readonly kind: "wide" | "narrow";
  /** In CSS pixels. */
  readonly width: number;
}

const LAYOUTS: readonly ChartLayout[] = [
  { kind: "wide", width: 960 },
  { kind: "narrow", width: 360 },
];

/** A plot as inline SVG that needs no script, no font and no network. */
export function renderChart(options: ChartOptions): SafeHtml {
  return html`${LAYOUTS.map((layout) => renderLayout(options, layout))}`;
}

function renderLayout({ id, title, description, draw }: ChartOptions, layout: ChartLayout): SafeHtml {
  const { document } = parseHTML("<html><body></body></html>");
  const svg = Plot.plot({ ...draw(layout), width: layout.width, document, className: "plot", figure: false });
  // The page styles `.plot` itself; a style element in every picture would say the same again and again.
  for (const style of svg.querySelectorAll("style")) style.remove();
  // Plot labels its groups ("x-axis tick label") for scripts; read aloud they are noise beside the title.
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

/** A tenth of a pixel is enough, and makes the file a third smaller. Only in the attributes that hold coordinates. */
const shortenNumbers = (svg: string): string =>
  svg.replaceAll(/ (?:d|x|y|x1|x2|y1|y2|cx|cy|width|height|transform)="[^"]*"/g, (attribute) =>
    attribute.replaceAll(/-?\d+\.\d+/g, (number) => String(Math.round(Number(number) * 10) / 10)),
  );
