/** Markup that may enter a page as it stands. Made by `html` (which escapes what it is given) or, from our own renderers only, by `trusted`. */
export class SafeHtml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes; null, undefined and false leave nothing. */
export type HtmlValue = string | number | SafeHtml | null | undefined | false | readonly HtmlValue[];

/** Template tag: every value is escaped, for content and for quoted attributes alike, unless it is markup already. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): SafeHtml {
  return new SafeHtml(strings.map((part, i) => part + (i < values.length ? render(values[i]) : "")).join(""));
}

/** Declares a string to be markup. Never for text that came from outside. */
export const trusted = (text: string): SafeHtml => new SafeHtml(text);

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof SafeHtml) return value.text;
  if (typeof value === "object") return value.map(render).join("");
  return String(value).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
