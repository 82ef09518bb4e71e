/** Style sheet of all reports. Data colours are from the colour-blind-safe palette of Okabe and Ito (2008), lighter in dark mode. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d1c1a; --soft: #5f5b54; --line: #e2ded6; --grid: #ece8e1;
  --truth: #0072b2; --muted: #d55e00; --wave: #a09a90; --score: #1d1c1a;
  --good: #00694f; --bad: #b3261e; --notice: #fff4dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #141518; --card: #1c1d21; --ink: #eceae6; --soft: #a8a49c; --line: #33353b; --grid: #292b30;
    --truth: #56b4e9; --muted: #f0a13a; --wave: #7d7a74; --score: #eceae6;
    --good: #4fd1a5; --bad: #ff8a80; --notice: #3a2f17;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 66rem; padding: 2.5rem clamp(1rem, 4vw, 2.5rem) 3rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { font-size: clamp(1.6rem, 4.5vw, 2.3rem); line-height: 1.15; letter-spacing: -0.02em; margin: 0.2rem 0 0.6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; letter-spacing: -0.01em; margin: 0 0 0.4rem; }
.kicker { margin: 0; color: var(--soft); font-size: 0.8rem; letter-spacing: 0.08em; text-transform: uppercase; }
.lead { margin: 0 0 1rem; color: var(--soft); max-width: 44rem; }
header { margin-bottom: 1.5rem; }
section { margin-top: 2.75rem; }
figure { margin: 1rem 0 0; padding: 1rem clamp(0.6rem, 2vw, 1.25rem) 0.9rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
figcaption { margin-top: 0.5rem; color: var(--soft); font-size: 0.9rem; max-width: 48rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0 0 0.6rem; padding: 0; list-style: none; font-size: 0.9rem; }
.legend li { display: flex; align-items: center; gap: 0.45rem; }
.swatch { width: 0.9rem; height: 0.9rem; border-radius: 0.2rem; flex: none; }
.swatch.truth { background: var(--truth); }
.swatch.muted { background: var(--muted); }
.swatch.wave { background: var(--wave); }
.swatch.score { height: 0; border-top: 2px solid var(--score); border-radius: 0; width: 1.2rem; }
.swatch.threshold { height: 0; border-top: 2px dashed var(--muted); border-radius: 0; width: 1.2rem; }
.clips { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1rem; }
.clip { margin: 0; }
.clip img { display: block; width: 100%; height: 6rem; border-radius: 0.4rem; image-rendering: pixelated; }
.clip audio { display: block; width: 100%; margin: 0.6rem 0; }
.clip .picture { position: relative; }
.clip .picture svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.clip .picture polyline, .clip .picture line { fill: none; stroke: #fff; stroke-width: 2; vector-effect: non-scaling-stroke; }
.clip .picture polyline { paint-order: stroke; filter: drop-shadow(0 0 1px #000); }
.clip .picture line { stroke-width: 1; stroke-dasharray: 4 3; opacity: 0.85; }
.clip figcaption { overflow-wrap: anywhere; }
svg.plot { display: block; width: 100%; height: auto; font: 12px ui-sans-serif, system-ui, sans-serif; font-variant-numeric: tabular-nums; }
svg.plot text { white-space: pre; }
svg.plot.narrow { display: none; }
@media (max-width: 640px) { svg.plot.wide { display: none; } svg.plot.narrow { display: block; } }
.key-figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(10rem, 45%), 1fr)); gap: 0.75rem; margin: 0; }
.key-figures > div { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 0.8rem 1rem; }
.key-figures dt { color: var(--soft); font-size: 0.85rem; }
.key-figures dd { margin: 0; font-size: 1.65rem; line-height: 1.25; font-weight: 600; letter-spacing: -0.02em; }
.key-figures dd.good { color: var(--good); }
.key-figures dd.bad { color: var(--bad); }
.key-figures dd.note { font-size: 0.8rem; font-weight: 400; letter-spacing: 0; line-height: 1.4; color: var(--soft); }
.table { margin-top: 1rem; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
.table:focus-visible { outline: 2px solid var(--truth); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: 0.95rem; }
caption { text-align: left; padding: 0.7rem 1rem 0.3rem; color: var(--soft); font-size: 0.85rem; }
th, td { padding: 0.45rem 1rem; text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-size: 0.85rem; font-weight: 500; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 6.4rem; }
tbody tr + tr > * { border-top: 1px solid var(--grid); }
th.number, td.number { text-align: right; white-space: nowrap; }
small { color: var(--soft); font-size: 0.78em; }
@media (max-width: 640px) {
  th, td { padding: 0.4rem 0.5rem; }
  tr > :first-child, caption { padding-left: 0.75rem; }
  tr > :last-child { padding-right: 0.75rem; }
  table { font-size: 0.85rem; }
  thead th { font-size: 0.78rem; vertical-align: bottom; }
  thead th.number { white-space: normal; }
}
.facts { margin: 1rem 0 0; display: grid; gap: 0; }
.facts > div { display: grid; grid-template-columns: minmax(8rem, 13rem) 1fr; gap: 0.25rem 1rem; padding: 0.4rem 0; border-top: 1px solid var(--line); }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 640px) { .facts > div { grid-template-columns: 1fr; gap: 0; } }
code { font: 0.88em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.notice { margin: 1rem 0 0; padding: 0.7rem 1rem; border-radius: 0.6rem; background: var(--notice); max-width: 48rem; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.85rem; }
@media print { body { max-width: none; padding: 0; } figure, .key-figures > div, .table { break-inside: avoid; } }
`;
