import { clock, type Series, spoken } from "./series.ts";

export interface Heard {
  readonly series: number;
  /** Score of the step that was detected. */
  readonly score: number;
  readonly timestampMs: number;
}

/** A detection's peak is the highest score of the second after it. */
const PEAK_MS = 1000;

/** The list of detections, the latest first, each with its peak score and a button that plays it. */
export class HeardList {
  readonly #list: HTMLElement;
  readonly #nothing: HTMLElement;
  readonly #onPlay: (heard: Heard) => void;
  /** Detections whose peak may still come. */
  #open: { readonly heard: Heard; readonly item: HTMLElement; readonly text: HTMLElement; peak: number }[] =
    [];

  constructor(options: {
    readonly list: HTMLElement;
    readonly nothing: HTMLElement;
    readonly onPlay: (heard: Heard) => void;
  }) {
    this.#list = options.list;
    this.#nothing = options.nothing;
    this.#onPlay = options.onPlay;
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#nothing.hidden = false;
    this.#open = [];
  }

  add(heard: Heard, { label }: Series): void {
    const item = document.createElement("li");
    Object.assign(item.dataset, { label, score: String(heard.score), ms: String(heard.timestampMs) });
    const time = document.createElement("time");
    time.textContent = clock(heard.timestampMs);
    const name = document.createElement("b");
    name.textContent = spoken(label);
    const text = document.createElement("span");
    text.className = "score";
    const play = document.createElement("button");
    play.type = "button";
    play.textContent = "Play";
    play.ariaLabel = `Play ${spoken(label)} at ${clock(heard.timestampMs)}`;
    play.addEventListener("click", () => this.#onPlay(heard));
    item.append(time, name, text, play);
    this.#list.prepend(item);
    this.#nothing.hidden = true;
    const open = { heard, item, text, peak: heard.score };
    this.#open.push(open);
    showPeak(open);
  }

  /** Every score, also of those that are no detection. */
  score(series: number, { timestampMs, score }: { timestampMs: number; score: number }): void {
    this.#open = this.#open.filter(({ heard }) => timestampMs <= heard.timestampMs + PEAK_MS);
    for (const open of this.#open) {
      if (open.heard.series !== series || score <= open.peak) continue;
      open.peak = score;
      showPeak(open);
    }
  }
}

function showPeak({ item, text, peak }: { item: HTMLElement; text: HTMLElement; peak: number }): void {
  item.dataset["peak"] = String(peak);
  text.textContent = `peak ${peak.toFixed(2)}`;
}
