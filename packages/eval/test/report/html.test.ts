import { parseHTML } from "linkedom";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { html, trusted } from "../../src/report/html.ts";

describe("html", () => {
  it("escapes values and leaves markup alone", () => {
    const name = `<b class="x">Tom & 'Ann'</b>`;
    expect(html`<p>${name}${html`<i>${1}</i>`}</p>`.text).toBe(
      "<p>&lt;b class=&quot;x&quot;&gt;Tom &amp; &#39;Ann&#39;&lt;/b&gt;<i>1</i></p>",
    );
    expect(html`${trusted("<hr>")}`.text).toBe("<hr>");
  });

  it("takes lists and leaves out what is not there", () => {
    expect(html`${["a", null, [html`<i>`, 0], undefined, false]}b`.text).toBe("a<i>0b");
  });

  it("lets no text become markup, in content or in an attribute", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("<", ">", '"', "'", "&", "a", ";", "lt", " ") }),
        (text) => {
          const { document } = parseHTML(
            `<html><body>${html`<p title="${text}">${text}</p>`.text}</body></html>`,
          );
          const paragraph = document.querySelector("p")!;
          expect(document.querySelectorAll("body *").length).toBe(1);
          expect(paragraph.textContent).toBe(text);
          expect(paragraph.getAttribute("title")).toBe(text);
        },
      ),
      { seed: 7 },
    );
  });
});
