import { commandLabels, type ModelCard, type ModelStep } from "@callsign/infer";
import type { CliContext } from "./context.ts";
import { CLEAR_LINE, redraw } from "./redraw.ts";

/** The line at the bottom of a terminal while listening: the level as a bar, and the highest score of each model. */
export class ListenLine {
  readonly #context: CliContext;
  readonly #cards: ReadonlyMap<string, ModelCard>;
  readonly #scores = new Map<string, number>();
  #shown = false;

  constructor(context: CliContext, cards: readonly ModelCard[]) {
    this.#context = context;
    this.#cards = new Map(cards.map((card) => [card.name, card]));
  }

  update(steps: readonly ModelStep[], levelDb: number): void {
    for (const { model, scores } of steps) {
      const card = this.#cards.get(model)!;
      this.#scores.set(
        model,
        Math.max(...commandLabels(card).map((label) => scores[card.labels.indexOf(label)]!)),
      );
    }
    if (!this.#context.interactive) return;
    const filled = Math.round(Math.max(0, Math.min(1, (levelDb + 70) / 70)) * BAR_WIDTH);
    const bar = "#".repeat(filled).padEnd(BAR_WIDTH, ".");
    const scores = [...this.#scores].map(([model, score]) => `${model} ${score.toFixed(2)}`).join("  ");
    redraw(this.#context, `[${bar}] ${levelDb.toFixed(0).padStart(4)} dB  ${scores}`);
    this.#shown = true;
  }

  /** Makes room for a line of something else. */
  clear(): void {
    if (this.#shown) this.#context.stderr(CLEAR_LINE);
    this.#shown = false;
  }

  print(text: string): void {
    this.clear();
    this.#context.stderr(`${text}\n`);
  }

  finish(): void {
    this.clear();
  }
}

const BAR_WIDTH = 24;
