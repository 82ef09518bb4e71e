/** Markup that is inserted without escaping. Created by `html`, which escapes its values, or by `trusted`, for the output of this package's renderers only. */
export class SafeHtml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Value of a template; null, undefined and false render as nothing. */
export type HtmlValue = string | number | SafeHtml | null | undefined | false | readonly HtmlValue[];

/** Template tag that escapes every value, for content and quoted attributes, unless it is `SafeHtml`. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): SafeHtml {
  return new SafeHtml(strings.map((part, i) => part + (i < values.length ? render(values[i]) : "")).join(""));
}

/** Marks a string as safe markup. Must not be used on untrusted text. */
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
