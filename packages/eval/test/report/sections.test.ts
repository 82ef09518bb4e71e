import { describe, expect, it } from "vitest";
import { html } from "../../src/report/html.ts";
import { renderPage } from "../../src/report/page.ts";
import { facts, figure, keyFigures, notice, section, table } from "../../src/report/sections.ts";
import { parseHTML } from "linkedom";

const parse = (markup: string) => parseHTML(`<html><body>${markup}</body></html>`).document;

/** As a browser shows it: white space at the ends does not count. */
const textOf = (element: { readonly textContent: string | null } | null): string | undefined =>
  element?.textContent?.trim();

describe("report sections", () => {
  it("tie a section to its heading", () => {
    const document = parse(section({ id: "one", heading: "A & B", lead: "why" }, notice("mind <this>")).text);
    const labelledBy = document.querySelector("section")!.getAttribute("aria-labelledby")!;
    expect(textOf(document.getElementById(labelledBy))).toBe("A & B");
    expect(textOf(document.querySelector(".lead"))).toBe("why");
    expect(textOf(document.querySelector(".notice"))).toBe("mind <this>");
    expect(parse(section({ id: "one", heading: "x" }).text).querySelector(".lead")).toBe(null);
  });

  it("give a table a caption, column headings and row headings", () => {
    const columns = [{ heading: "Figure" }, { heading: "Value", kind: "number" as const }];
    const document = parse(table({ caption: "Results", columns, rows: [["score", 0.5]] }).text);
    expect(textOf(document.querySelector("caption"))).toBe("Results");
    expect(document.querySelectorAll("thead th[scope=col]").length).toBe(2);
    expect(textOf(document.querySelector("tbody th[scope=row]"))).toBe("score");
    expect(textOf(document.querySelector("tbody td.number"))).toBe("0.5");
  });

  it("put a legend before a picture and a caption after it", () => {
    const legend = [{ label: "heard", swatch: "truth" as const }];
    const document = parse(figure({ picture: html`<svg></svg>`, caption: "what", legend }).text);
    expect(
      [...document.querySelector("figure")!.children].map(({ tagName }) => tagName.toLowerCase()),
    ).toEqual(["ul", "svg", "figcaption"]);
    expect(parse(figure({ picture: html``, caption: "" }).text).querySelector("ul")).toBe(null);
  });

  it("leave out facts without a value, and keep a zero", () => {
    const document = parse(
      facts([
        ["a", 0],
        ["b", null],
        ["c", ""],
        ["d", undefined],
        ["e", false],
      ]).text,
    );
    expect([...document.querySelectorAll("dt")].map(textOf)).toEqual(["a"]);
  });

  it("show key figures with their notes", () => {
    const document = parse(keyFigures([{ label: "Score", value: "0.6", note: "of 1", tone: "bad" }]).text);
    expect(textOf(document.querySelector("dd.bad"))).toBe("0.6");
    expect(textOf(document.querySelector("dd.note"))).toBe("of 1");
  });
});

describe("renderPage", () => {
  it("forbids whatever would be fetched or run", () => {
    const page = renderPage({ title: "<T>", kicker: "k", lead: "l", sections: [], colophon: "c" });
    expect(page.startsWith("<!doctype html>")).toBe(true);
    expect(page).toContain("<title>&lt;T&gt;</title>");
    expect(page).toContain("default-src 'none'");
  });
});
