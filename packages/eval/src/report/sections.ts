import { html, type HtmlValue, type SafeHtml } from "./html.ts";

/** Section of a report with a heading. `id` must be unique in the page. */
export const section = (
  { id, heading, lead }: { readonly id: string; readonly heading: string; readonly lead?: HtmlValue },
  ...content: readonly HtmlValue[]
): SafeHtml =>
  html`<section id="${id}" aria-labelledby="${id}-heading">
    <h2 id="${id}-heading">${heading}</h2>
    ${lead !== undefined && html`<p class="lead">${lead}</p>`} ${content}
  </section>`;

/** Legend entry: a swatch and its meaning. */
export interface LegendEntry {
  readonly label: string;
  /** A class of the page's swatches. */
  readonly swatch: "truth" | "muted" | "wave" | "score" | "threshold";
}

/** Figure with legend and caption. */
export const figure = ({
  picture,
  caption,
  legend = [],
}: {
  readonly picture: SafeHtml;
  readonly caption: HtmlValue;
  readonly legend?: readonly LegendEntry[];
}): SafeHtml =>
  html`<figure>
    ${
      legend.length > 0 &&
      html`<ul class="legend">
        ${legend.map(
          ({ label, swatch }) =>
            html`<li><span class="swatch ${swatch}" aria-hidden="true"></span>${label}</li>`,
        )}
      </ul>`
    }
    ${picture}
    <figcaption>${caption}</figcaption>
  </figure>`;

export interface TableColumn {
  readonly heading: string;
  /** Numbers align right. Default text. */
  readonly kind?: "text" | "number";
}

/** Table; the first cell of a row is its heading. Scrolls horizontally on narrow screens. */
export const table = ({
  caption,
  columns,
  rows,
}: {
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly HtmlValue[])[];
}): SafeHtml =>
  html`<div class="table" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ heading, kind }) => html`<th scope="col" class="${kind ?? "text"}">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, i) =>
                i === 0
                  ? html`<th scope="row">${cell}</th>`
                  : html`<td class="${columns[i]?.kind ?? "text"}">${cell}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;

/** One of the main figures of a report. */
export interface KeyFigure {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly tone?: "good" | "bad";
}

export const keyFigures = (figures: readonly KeyFigure[]): SafeHtml =>
  html`<dl class="key-figures">
    ${figures.map(
      ({ label, value, note, tone }) =>
        html`<div>
          <dt>${label}</dt>
          <dd class="${tone ?? "plain"}">${value}</dd>
          ${note !== undefined && html`<dd class="note">${note}</dd>`}
        </div>`,
    )}
  </dl>`;

/** List of names and values; entries without a value are left out. */
export const facts = (entries: readonly (readonly [string, HtmlValue])[]): SafeHtml =>
  html`<dl class="facts">
    ${entries
      .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
      .map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
  </dl>`;

/** Highlighted remark. */
export const notice = (text: HtmlValue): SafeHtml => html`<p class="notice">${text}</p>`;
