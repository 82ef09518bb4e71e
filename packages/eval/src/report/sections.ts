import { html, type HtmlValue, type SafeHtml } from "./html.ts";

/** A part of a report under its own heading. `id` is unique in the page. */
export const section = (
  { id, heading, lead }: { readonly id: string; readonly heading: string; readonly lead?: HtmlValue },
  ...content: readonly HtmlValue[]
): SafeHtml =>
  html`<section id="${id}" aria-labelledby="${id}-heading">
    <h2 id="${id}-heading">${heading}</h2>
    ${lead !== undefined && html`<p class="lead">${lead}</p>`} ${content}
  </section>`;

/** One colour or line of a figure, told in words. */
export interface LegendEntry {
  readonly label: string;
  /** A class of the page's swatches. */
  readonly swatch: "truth" | "muted" | "wave" | "score" | "threshold";
}

/** A picture with its legend and caption. */
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

/** A table; the first cell of a row is its heading. It scrolls sideways by itself where the screen is too narrow. */
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

/** One of the few figures a reader came for. */
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

/** Names and values, one a line; those without a value are left out. */
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

/** A remark that must not be overlooked. */
export const notice = (text: HtmlValue): SafeHtml => html`<p class="notice">${text}</p>`;
