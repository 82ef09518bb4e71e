import type { Series } from "./series.ts";

interface Point {
  readonly timestampMs: number;
  readonly score: number;
}

interface Mark {
  readonly timestampMs: number;
  readonly series: number;
}

/** Length of the visible part of a live stream. */
const LIVE_SPAN_MS = 20_000;

const MARGIN = { left: 46, right: 14, top: 14, bottom: 38 } as const;

/** Scores over time with axes: the last 20 seconds of a stream or a whole recording, with thresholds and detections. */
export class ScorePlot {
  readonly #canvas: HTMLCanvasElement;
  #series: readonly Series[] = [];
  #thresholds: readonly number[] = [];
  #points: Point[][] = [];
  #marks: Mark[] = [];
  #spanMs = LIVE_SPAN_MS;
  #endMs = 0;
  #playheadMs: number | undefined;
  #isAsked = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#drawSoon()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#drawSoon());
  }

  /** Starts again with these lines. */
  set series(series: readonly Series[]) {
    this.#series = series;
    this.clear();
  }

  set thresholds(thresholds: readonly number[]) {
    this.#thresholds = thresholds;
    this.#drawSoon();
  }

  /** Where playback is; undefined where nothing plays. */
  set playheadMs(playheadMs: number | undefined) {
    this.#playheadMs = playheadMs;
    this.#drawSoon();
  }

  /** Empties the plot; `seconds` is the length of a recording, none for a stream. */
  clear(seconds?: number): void {
    this.#spanMs = seconds === undefined ? LIVE_SPAN_MS : Math.max(seconds, 1) * 1000;
    this.#endMs = 0;
    this.#points = this.#series.map(() => []);
    this.#marks = [];
    this.#playheadMs = undefined;
    this.#drawSoon();
  }

  /** The times shown. */
  get range(): { readonly fromMs: number; readonly toMs: number } {
    const toMs = Math.max(this.#endMs, this.#spanMs);
    return { fromMs: toMs - this.#spanMs, toMs };
  }

  /** The time at a place of the canvas, in CSS pixels from its left edge. */
  timeAt(left: number): number {
    const { fromMs } = this.range;
    const width = this.#canvas.clientWidth - MARGIN.left - MARGIN.right;
    return fromMs + (Math.max(0, left - MARGIN.left) / width) * this.#spanMs;
  }

  add(series: number, point: Point): void {
    const points = this.#points[series]!;
    points.push(point);
    this.#endMs = Math.max(this.#endMs, point.timestampMs);
    const { fromMs } = this.range;
    while (points[0]!.timestampMs < fromMs) points.shift();
    if (this.#marks.length > 0 && this.#marks[0]!.timestampMs < fromMs) this.#marks.shift();
    this.#drawSoon();
  }

  mark(series: number, timestampMs: number): void {
    this.#marks.push({ timestampMs, series });
    this.#drawSoon();
  }

  /** Many steps come between two frames of the screen. */
  #drawSoon(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#draw();
    });
  }

  #draw(): void {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d")!;
    pen.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const colour = (value: string): string => style.getPropertyValue(value.replace(/^var\((.*)\)$/, "$1"));
    pen.font = `12px ${style.fontFamily}`;
    const { fromMs, toMs } = this.range;
    const bottom = height - MARGIN.bottom;
    const right = width - MARGIN.right;
    const x = (ms: number): number => MARGIN.left + ((ms - fromMs) / this.#spanMs) * (right - MARGIN.left);
    const y = (score: number): number => bottom - score * (bottom - MARGIN.top);

    pen.fillStyle = colour("--quiet");
    pen.strokeStyle = colour("--line");
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (const score of [0, 0.5, 1]) {
      const at = Math.round(y(score)) + 0.5;
      line(pen, [
        [MARGIN.left, at],
        [right, at],
      ]);
      pen.fillText(String(score), MARGIN.left - 8, at);
    }
    pen.textBaseline = "top";
    pen.textAlign = "center";
    const step = tickSeconds(this.#spanMs / 1000, width);
    for (let s = Math.ceil(fromMs / 1000 / step) * step; s * 1000 <= toMs; s += step) {
      const at = x(s * 1000);
      pen.fillText(this.#spanMs > 90_000 ? minutes(s) : String(s), at, bottom + 7);
    }
    pen.fillText(this.#spanMs > 90_000 ? "time (min:s)" : "time (s)", (MARGIN.left + right) / 2, bottom + 23);

    pen.save();
    pen.translate(8, (MARGIN.top + bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textBaseline = "middle";
    pen.fillText("score", 0, 0);
    pen.restore();

    pen.save();
    pen.beginPath();
    pen.rect(MARGIN.left, 0, right - MARGIN.left + 1, bottom + 2);
    pen.clip();
    pen.setLineDash([5, 4]);
    pen.lineWidth = 1.5;
    for (const threshold of new Set(this.#thresholds)) {
      const [only, ...others] = this.#series.filter((_, i) => this.#thresholds[i] === threshold);
      pen.strokeStyle = colour(others.length > 0 ? "--quiet" : only!.colour);
      line(pen, [
        [MARGIN.left, y(threshold)],
        [right, y(threshold)],
      ]);
    }
    pen.setLineDash([]);
    pen.lineWidth = 2;
    pen.lineJoin = "round";
    for (const [i, points] of this.#points.entries()) {
      pen.strokeStyle = colour(this.#series[i]!.colour);
      line(
        pen,
        points.map(({ timestampMs, score }) => [x(timestampMs), y(score)]),
      );
    }
    pen.restore();
    pen.textAlign = "right";
    pen.textBaseline = "bottom";
    // One text where several lines lie together.
    for (const threshold of new Set(this.#thresholds)) {
      const text = `threshold ${threshold.toFixed(2)}`;
      pen.fillStyle = colour("--panel");
      pen.globalAlpha = 0.8;
      pen.fillRect(
        right - pen.measureText(text).width - 4,
        y(threshold) - 18,
        pen.measureText(text).width + 4,
        16,
      );
      pen.globalAlpha = 1;
      pen.fillStyle = colour("--quiet");
      pen.fillText(text, right - 2, y(threshold) - 3);
    }
    for (const { timestampMs, series } of this.#marks) {
      const at = x(timestampMs);
      if (at < MARGIN.left) continue;
      pen.fillStyle = colour(this.#series[series]!.colour);
      pen.beginPath();
      pen.moveTo(at - 5, 0);
      pen.lineTo(at + 5, 0);
      pen.lineTo(at, 9);
      pen.fill();
    }
    if (this.#playheadMs !== undefined) {
      pen.strokeStyle = colour("--ink");
      pen.lineWidth = 1.5;
      line(pen, [
        [x(this.#playheadMs), 2],
        [x(this.#playheadMs), bottom],
      ]);
    }
  }
}

/** Seconds between two numbers of the time axis, so that they do not touch. */
function tickSeconds(span: number, width: number): number {
  const wanted = (span * 48) / width;
  return [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800].find((seconds) => seconds >= wanted) ?? 3600;
}

const minutes = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

function line(pen: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  pen.beginPath();
  for (const [i, [x, y]] of points.entries())
    if (i === 0) pen.moveTo(x, y);
    else pen.lineTo(x, y);
  pen.stroke();
}
