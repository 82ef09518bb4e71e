import { html, type HtmlValue, trusted } from "./html.ts";
import { STYLE } from "./style.ts";

export interface PageOptions {
  readonly title: string;
  /** Small line above the title: what kind of report this is. */
  readonly kicker: string;
  /** One sentence below the title. */
  readonly lead: HtmlValue;
  readonly sections: readonly HtmlValue[];
  /** Last line of the page: tool, version and date. */
  readonly colophon: HtmlValue;
}

/** Renders a report as one HTML file without scripts or requests; its content security policy forbids both. */
export function renderPage({ title, kicker, lead, sections, colophon }: PageOptions): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
        />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <p class="kicker">${kicker}</p>
          <h1>${title}</h1>
          <p class="lead">${lead}</p>
        </header>
        <main>${sections}</main>
        <footer>${colophon}</footer>
      </body>
    </html> `.text;
}
