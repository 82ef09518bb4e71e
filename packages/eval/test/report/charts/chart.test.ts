import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { renderChart } from "../../../src/report/charts/chart.ts";

function draw(text = "hi") {
  const markup = renderChart({
    id: "demo",
    title: `A <${text}>`,
    description: "Two bars.",
    draw: (layout) => ({
      height: layout.kind === "wide" ? 100 : 80,
      marks: [Plot.barY([{ at: text, value: 1 / 3 }], { x: "at", y: "value", fill: "var(--truth)" })],
    }),
  }).text;
  return { markup, document: parseHTML(`<html><body>${markup}</body></html>`).document };
}

describe("renderChart", () => {
  it("draws one picture for wide and one for narrow screens, each named and described", () => {
    const { document } = draw();
    const pictures = [...document.querySelectorAll("svg")];
    expect(pictures.map((svg) => svg.getAttribute("viewBox"))).toEqual(["0 0 960 100", "0 0 360 80"]);
    for (const svg of pictures) {
      expect(svg.getAttribute("role")).toBe("img");
      const [title, description] = svg.getAttribute("aria-labelledby")!.split(" ");
      expect(document.getElementById(title!)!.textContent).toBe("A <hi>");
      expect(document.getElementById(description!)!.textContent).toBe("Two bars.");
      expect(svg.querySelector("[fill='var(--truth)'] rect")).not.toBe(null);
    }
  });

  it("carries no style of its own and no more than a decimal", () => {
    const { markup } = draw();
    expect(markup).not.toContain("<style");
    expect(markup).not.toMatch(/ (?:d|x|y|width|height|transform)="[^"]*\.\d\d/);
  });

  it("escapes what the data says", () => {
    const evil = `</text></svg><script>alert("x")</script>`;
    const { document, markup } = draw(evil);
    expect(document.querySelector("script")).toBe(null);
    expect(markup).not.toContain("<script");
    expect([...document.querySelectorAll("svg text")].map((text) => text.textContent)).toContain(evil);
  });
});
