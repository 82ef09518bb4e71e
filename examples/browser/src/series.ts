import { commandLabels, type ModelCard } from "@callsign/infer";

/** One label of one model: a line of the plot and a meter. */
export interface Series {
  readonly model: string;
  readonly label: string;
  /** Where its score is among those of its model. */
  readonly index: number;
  /** A CSS colour. */
  readonly colour: string;
}

/** Colours defined in style.css. */
const COLOURS = 5;

export const seriesOf = (cards: readonly ModelCard[]): Series[] =>
  cards
    .flatMap((card) =>
      commandLabels(card).map((label) => ({ model: card.name, label, index: card.labels.indexOf(label) })),
    )
    .map((one, i) => ({ ...one, colour: `var(--series-${i % COLOURS})` }));

/** How a label is said: "hey_jarvis_v0.1" is "hey jarvis". */
export const spoken = (label: string): string =>
  label
    .replace(/[-_ ]v?\d+(\.\d+)*$/i, "")
    .replaceAll(/[-_]+/g, " ")
    .trim() || label;

/** Minutes and seconds. */
export const clock = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${((ms % 60_000) / 1000).toFixed(1).padStart(4, "0")}`;
