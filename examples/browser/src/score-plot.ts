/** One line a label, in colours that differ in lightness too. */
const LINE_COLOURS = ["#3f86ea", "#cf5530", "#2f9a64", "#9a63d4", "#b08a24"] as const;

export interface PlotStep {
  readonly timestampMs: number;
  readonly scores: ArrayLike<number>;
}

interface Mark {
  readonly timestampMs: number;
  readonly label: number;
}

/** What is seen of a stream that does not end. */
const LIVE_SPAN_MS = 20_000;

/** The scores of the last 20 seconds or of a whole recording, their thresholds, and what was detected. */
export class ScorePlot {
  readonly #canvas: HTMLCanvasElement;
  #thresholds: readonly number[] = [];
  #steps: PlotStep[] = [];
  #marks: Mark[] = [];
  #spanMs = LIVE_SPAN_MS;
  /** A picture is asked for and not yet drawn. */
  #isDrawn = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#drawSoon()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#drawSoon());
  }

  set thresholds(thresholds: readonly number[]) {
    this.#thresholds = thresholds;
    this.#drawSoon();
  }

  /** Empty, and wide enough for a recording of so many seconds, where one is named. */
  clear(seconds = 0): void {
    this.#spanMs = Math.max(seconds * 1000, LIVE_SPAN_MS);
    this.#steps = [];
    this.#marks = [];
    this.#drawSoon();
  }

  /** Seconds seen. */
  get spanSeconds(): number {
    return this.#spanMs / 1000;
  }

  add(step: PlotStep): void {
    this.#steps.push(step);
    const oldest = step.timestampMs - this.#spanMs;
    while (this.#steps[0]!.timestampMs < oldest) this.#steps.shift();
    this.#marks = this.#marks.filter(({ timestampMs }) => timestampMs >= oldest);
    this.#drawSoon();
  }

  mark(timestampMs: number, label: number): void {
    this.#marks.push({ timestampMs, label });
    this.#drawSoon();
  }

  /** Many steps come between two pictures of the screen. */
  #drawSoon(): void {
    if (this.#isDrawn) return;
    this.#isDrawn = true;
    requestAnimationFrame(() => {
      this.#isDrawn = false;
      this.#draw();
    });
  }

  #draw(): void {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d")!;
    pen.scale(scale, scale);
    const span = this.#spanMs;
    const end = Math.max(this.#steps.at(-1)?.timestampMs ?? 0, span);
    const x = (ms: number): number => ((ms - end + span) / span) * width;
    const y = (score: number): number => 6 + (1 - score) * (height - 12);
    for (const [label, threshold] of this.#thresholds.entries()) {
      pen.strokeStyle = colourOf(label);
      pen.globalAlpha = 0.6;
      pen.setLineDash([6, 5]);
      line(pen, [
        [0, y(threshold)],
        [width, y(threshold)],
      ]);
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
    for (const label of this.#thresholds.keys()) {
      pen.strokeStyle = colourOf(label);
      pen.lineWidth = 2;
      line(
        pen,
        this.#steps.map(({ timestampMs, scores }) => [x(timestampMs), y(scores[label]!)]),
      );
    }
    for (const { timestampMs, label } of this.#marks) {
      pen.fillStyle = colourOf(label);
      pen.beginPath();
      pen.arc(x(timestampMs), 8, 5, 0, 2 * Math.PI);
      pen.fill();
    }
  }
}

export const colourOf = (label: number): string => LINE_COLOURS[label % LINE_COLOURS.length]!;

function line(pen: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  pen.beginPath();
  for (const [i, [x, y]] of points.entries())
    if (i === 0) pen.moveTo(x, y);
    else pen.lineTo(x, y);
  pen.stroke();
}
