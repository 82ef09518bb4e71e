import type { commandLabels, DetectorStep, ModelCard } from "@callsign/infer/internal";
import type { CliContext } from "../../context.ts";
import { CLEAR_LINE, redraw } from "../../output/redraw.ts";

/** Status line of `listen` on a terminal: level as a bar, and the highest score of each model. */
export class ListenLine {
  readonly #context: CliContext;
  readonly #cards: ReadonlyMap<string, ModelCard>;
  readonly #labelsOf: typeof commandLabels;
  readonly #scores = new Map<string, number>();
  #shown = false;

  /** @param labelsOf `commandLabels`, passed in so that the command line starts without loading `@callsign/infer` */
  constructor(context: CliContext, cards: readonly ModelCard[], labelsOf: typeof commandLabels) {
    this.#context = context;
    this.#labelsOf = labelsOf;
    this.#cards = new Map(cards.map((card) => [card.name, card]));
  }

  update(steps: readonly DetectorStep[], levelDb: number): void {
    for (const { model, scores } of steps) {
      const card = this.#cards.get(model)!;
      this.#scores.set(
        model,
        Math.max(...this.#labelsOf(card).map((label) => scores[card.labels.indexOf(label)]!)),
      );
    }
    if (!this.#context.interactive) return;
    const filled = Math.round(Math.max(0, Math.min(1, (levelDb + 70) / 70)) * BAR_WIDTH);
    const bar = "#".repeat(filled).padEnd(BAR_WIDTH, ".");
    const scores = [...this.#scores].map(([model, score]) => `${model} ${score.toFixed(2)}`).join("  ");
    redraw(this.#context, `[${bar}] ${levelDb.toFixed(0).padStart(4)} dB  ${scores}`);
    this.#shown = true;
  }

  /** Erases the line, so that other text can be printed. */
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
