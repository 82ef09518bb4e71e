import { INT16_SCALE } from "@callsign/infer";
import { type Series, spoken } from "./series.ts";

/** The level shown from here to 0 dB. */
const MIN_LEVEL_DB = -60;

/** A peak stays this long in a stream. */
const HOLD_MS = 3000;

/** A meter for each label, with the highest score of the last seconds, and one for the level. */
export class Meters {
  readonly #root: HTMLElement;
  #rows: Row[] = [];
  #level: Row;
  #isAsked = false;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#level = new Row("Level", {
      min: MIN_LEVEL_DB,
      max: 0,
      format: (db) => `${minus(Math.round(db))} dB`,
    });
    this.series = [];
  }

  set series(series: readonly Series[]) {
    this.#rows = series.map(
      ({ label, colour }) =>
        new Row(spoken(label), { min: 0, max: 1, colour, format: (score) => score.toFixed(2) }),
    );
    this.#root.replaceChildren(...[...this.#rows, this.#level].flatMap(({ elements }) => elements));
    this.clear({ isLive: true });
  }

  set thresholds(thresholds: readonly number[]) {
    for (const [i, threshold] of thresholds.entries()) this.#rows[i]!.mark = threshold;
  }

  /** In a stream peaks are held for some seconds, in a recording to its end. */
  clear({ isLive }: { readonly isLive: boolean }): void {
    for (const row of [...this.#rows, this.#level]) row.clear(isLive ? HOLD_MS : Infinity);
    this.#drawSoon();
  }

  score(series: number, { timestampMs, score }: { timestampMs: number; score: number }): void {
    this.#rows[series]!.set(score, timestampMs);
    this.#drawSoon();
  }

  /** Takes audio, of which the loudest sample counts; returns its level in dB below full scale. */
  hear(samples: Float32Array, endMs: number): number {
    let loudest = 0;
    for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
    const db = Math.max(MIN_LEVEL_DB, 20 * Math.log10(loudest / INT16_SCALE));
    this.#level.set(db, endMs);
    this.#drawSoon();
    return db;
  }

  #drawSoon(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      for (const row of [...this.#rows, this.#level]) row.draw();
    });
  }
}

interface RowOptions {
  readonly min: number;
  readonly max: number;
  readonly colour?: string;
  readonly format: (value: number) => string;
}

class Row {
  readonly elements: readonly HTMLElement[];
  readonly #options: RowOptions;
  readonly #bar = make("div", "meter-bar");
  readonly #fill = make("div", "meter-fill");
  readonly #peak = make("div", "meter-peak");
  readonly #mark = make("div", "meter-mark");
  readonly #value = make("div", "meter-value");
  #holdMs = HOLD_MS;
  #now: number | undefined;
  /** Values that are, or can become, the highest of the last `holdMs`: each higher than all after it. */
  #highest: { readonly value: number; readonly timestampMs: number }[] = [];

  constructor(name: string, options: RowOptions) {
    this.#options = options;
    const title = make("div", "meter-name");
    title.textContent = name;
    this.#mark.hidden = true;
    this.#bar.append(this.#fill, this.#mark, this.#peak);
    this.#bar.setAttribute("role", "meter");
    this.#bar.ariaLabel = `${name}, highest`;
    this.#bar.ariaValueMin = String(options.min);
    this.#bar.ariaValueMax = String(options.max);
    if (options.colour !== undefined) this.#bar.style.setProperty("--colour", options.colour);
    this.elements = [title, this.#bar, this.#value];
  }

  set mark(value: number) {
    this.#mark.hidden = false;
    this.#mark.style.left = `${this.#share(value) * 100}%`;
    this.#bar.title = `threshold ${this.#options.format(value)}`;
  }

  clear(holdMs: number): void {
    this.#holdMs = holdMs;
    this.#now = undefined;
    this.#highest = [];
  }

  set(value: number, timestampMs: number): void {
    this.#now = value;
    while (this.#highest.length > 0 && this.#highest.at(-1)!.value <= value) this.#highest.pop();
    this.#highest.push({ value, timestampMs });
    while (this.#highest[0]!.timestampMs < timestampMs - this.#holdMs) this.#highest.shift();
  }

  draw(): void {
    const { min, format } = this.#options;
    const peak = this.#highest[0]?.value;
    this.#fill.style.clipPath = `inset(0 ${(1 - this.#share(this.#now ?? min)) * 100}% 0 0 round 0.3125rem)`;
    this.#peak.hidden = peak === undefined;
    this.#peak.style.left = `max(3px, ${this.#share(peak ?? min) * 100}%)`;
    this.#value.textContent = peak === undefined ? "–" : `peak ${format(peak)}`;
    this.#bar.ariaValueNow = String(peak ?? min);
    this.#bar.ariaValueText = peak === undefined ? "nothing yet" : format(peak);
  }

  #share(value: number): number {
    const { min, max } = this.#options;
    return Math.min(1, Math.max(0, (value - min) / (max - min)));
  }
}

function make(tag: "div", className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

const minus = (value: number): string => String(value).replace("-", "−");
