/** Time budget of a recipe, on two cores. */
export type RecipeBudget = (typeof RECIPE_BUDGETS)[number];

/** Budgets of `callsign new`, smallest first. */
export const RECIPE_BUDGETS = ["5m", "30m", "overnight"] as const;

/** Time that a budget stands for; `overnight` is taken as eight hours. */
export const BUDGET_SECONDS: Readonly<Record<RecipeBudget, number>> = {
  "5m": 5 * 60,
  "30m": 30 * 60,
  overnight: 8 * 3600,
};

/** Amounts of data and training of a budget. Counts of clips are per phrase unless stated otherwise. */
export interface RecipeSize {
  readonly clipsPerPhrase: number;
  readonly copies: number;
  readonly sentences: number;
  readonly nearMisses: number;
  /** Count for all phrases together, as `sentences` and `nearMisses`. */
  readonly randomWords: number;
  readonly foreign: number;
  readonly negativeCopies: number;
  /** Hours that recordings of people and of noise are extended to by copies, if they are shorter. */
  readonly recordedHours: { readonly speech: number; readonly noise: number };
  /** Scenes of ten seconds each. */
  readonly scenes: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly batch: { readonly positives: number; readonly negatives: number };
}

/**
 * Sizes by budget: windows seen in training are 0.5, 1.6 and 10 million. Half the windows of `30m` missed more phrases; other
 * measurements are in docs/recipe.md.
 */
export const RECIPE_SIZES: Readonly<Record<RecipeBudget, RecipeSize>> = {
  "5m": {
    clipsPerPhrase: 400,
    copies: 3,
    sentences: 200,
    nearMisses: 100,
    randomWords: 700,
    foreign: 500,
    negativeCopies: 2,
    recordedHours: { speech: 2, noise: 1 },
    scenes: 120,
    epochs: 6,
    stepsPerEpoch: 300,
    batch: { positives: 64, negatives: 192 },
  },
  "30m": {
    clipsPerPhrase: 1500,
    copies: 2,
    sentences: 800,
    nearMisses: 300,
    randomWords: 4000,
    foreign: 4000,
    negativeCopies: 1,
    recordedHours: { speech: 8, noise: 4 },
    scenes: 600,
    epochs: 4,
    stepsPerEpoch: 800,
    batch: { positives: 128, negatives: 384 },
  },
  overnight: {
    clipsPerPhrase: 6000,
    copies: 6,
    sentences: 8000,
    nearMisses: 2000,
    randomWords: 16000,
    foreign: 16000,
    negativeCopies: 4,
    recordedHours: { speech: 40, noise: 8 },
    scenes: 2000,
    epochs: 40,
    stepsPerEpoch: 500,
    batch: { positives: 128, negatives: 384 },
  },
};
