import { variantsOf } from "../features/test-time-augmentation.ts";
import type { DetectorModel } from "./detector.ts";
import type { FeatureSource } from "../features/create-feature-stream.ts";
import type { Frontend } from "../frontend/frontend.ts";
import { embeddingsOf, type ModelCard, type Windowing } from "../model/model-card.ts";

/** Models that read the same features, or the latest of them. */
export interface FeatureGroup {
  readonly frontend: Frontend;
  /** The card's parts that say how features are made; of the model that reads most embeddings. */
  readonly source: FeatureSource;
  readonly heads: readonly DetectorModel[];
}

/** Models grouped so that each group's features are computed once. */
export function groupByFeatures(models: readonly DetectorModel[]): FeatureGroup[] {
  const groups: DetectorModel[][] = [];
  for (const model of models) {
    const group = groups.find(([first]) => sharesFeatures(first!, model));
    if (group === undefined) groups.push([model]);
    else group.push(model);
  }
  return groups.map((heads) => ({
    frontend: heads[0]!.frontend,
    source: { ...heads[0]!.card, windowing: longest(heads) },
    heads,
  }));
}

function sharesFeatures(a: DetectorModel, b: DetectorModel): boolean {
  if (a.frontend !== b.frontend || !sameVariants(a.card, b.card)) return false;
  const [one, other] = [a.card.windowing, b.card.windowing];
  if (one.kind === "embedding-sequence" || other.kind === "embedding-sequence")
    return one.kind === other.kind;
  return one.windowLength === other.windowLength && one.hopLength === other.hopLength;
}

function sameVariants(a: ModelCard, b: ModelCard): boolean {
  const [some, others] = [variantsOf(a), variantsOf(b)];
  return (
    some.length === others.length &&
    some.every(({ delay, gainDb }, i) => delay === others[i]!.delay && gainDb === others[i]!.gainDb)
  );
}

function longest(models: readonly DetectorModel[]): Windowing {
  return models
    .map(({ card }) => card.windowing)
    .reduce((a, b) => (embeddingsOf(b) > embeddingsOf(a) ? b : a));
}
