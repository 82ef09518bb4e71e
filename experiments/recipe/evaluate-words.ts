import { readdir } from "node:fs/promises";
import { join } from "node:path";

import {
  detCurve,
  findRecordings,
  hoursOf,
  openConditions,
  operatingPoint,
  type Recording,
  type ScoredKeyword,
  scoreKeywords,
} from "@callsign/eval/internal";
import { type Detector, commandLabels } from "@callsign/infer/internal";
import { loadDetector } from "@callsign/infer/node/internal";

/** Folders of the noise and rooms of an evaluation. */
export interface ConditionFolders {
  readonly noise?: string;
  readonly snrDb?: number;
  readonly rooms?: string;
}

export interface EvaluateWordsOptions {
  /** Folder with a folder of recordings for each label. */
  readonly positives: string;
  readonly negatives: readonly string[];
  readonly conditions: Readonly<Record<string, ConditionFolders>>;
  readonly cacheDir: string;
}

/** Misses of a group of labels, each at its own threshold for a rate of false accepts. */
export interface WordErrors {
  readonly condition: string;
  /** A label with at least 50 recordings, or `words` for all others together. */
  readonly group: string;
  /** False accepts per hour allowed, or `card` for the thresholds of the card. */
  readonly rate: number | "card";
  readonly missed: number;
  readonly positives: number;
  /** False accepts per hour as counted, mean over the labels. */
  readonly falseAcceptsPerHour: number;
}

const RATES = [0.5, 1, 2] as const;
/** Minimum number of recordings for a label to have a row of its own. */
const MIN_RECORDINGS = 50;

/** Evaluates all labels of a model on recordings of single words, each against the same recordings of other speech. */
export async function evaluateWords(model: string, options: EvaluateWordsOptions): Promise<WordErrors[]> {
  const detector = await loadDetector(model);
  try {
    const rows: WordErrors[] = [];
    for (const condition of Object.keys(options.conditions))
      rows.push(...(await evaluateCondition(detector, { ...options, condition })));
    return rows;
  } finally {
    await detector.dispose();
  }
}

async function evaluateCondition(
  detector: Detector,
  options: EvaluateWordsOptions & { readonly condition: string },
): Promise<WordErrors[]> {
  const { condition, cacheDir } = options;
  const conditions = await openConditions({ seed: 1, ...shape(options.conditions[condition]!) });
  const folders = new Set(await readdir(options.positives));
  const labels = commandLabels(detector.card).filter((label) => folders.has(label));
  const words = new Map<string, Recording[]>();
  for (const label of labels) words.set(label, await findRecordings([join(options.positives, label)]));
  const scored = await scoreKeywords(
    detector,
    { words, negatives: await findRecordings(options.negatives) },
    { conditions, cacheDir, labels: new Map(labels.map((label) => [label, label])) },
  );
  const groups = new Map<string, Counted[]>();
  for (const [label, recordings] of scored) {
    const group = recordings.positives.length >= MIN_RECORDINGS ? label : "words";
    groups.set(group, [...(groups.get(group) ?? []), count(detector, label, recordings)]);
  }
  return [...groups].flatMap(([group, counted]) =>
    [...RATES, "card" as const].map((rate, i) => {
      const positives = counted.reduce((sum, one) => sum + one.positives, 0);
      const misses = counted.reduce((sum, one) => sum + one.misses[i]!, 0);
      const accepts = counted.reduce((sum, one) => sum + one.falseAccepts[i]! / one.negativeHours, 0);
      return {
        condition,
        group,
        rate,
        missed: misses / positives,
        positives,
        falseAcceptsPerHour: accepts / counted.length,
      };
    }),
  );
}

interface Counted {
  readonly positives: number;
  readonly negativeHours: number;
  /** At each of `RATES`, then at the threshold of the card. */
  readonly misses: readonly number[];
  readonly falseAccepts: readonly number[];
}

function count(detector: Detector, label: string, { positives, negatives }: ScoredKeyword): Counted {
  const { patience, refractorySeconds, thresholds } = detector.card.decision;
  const curve = detCurve({
    positives: positives.map(({ track }) => track),
    negatives: negatives.map(({ track }) => track),
    negativeHours: hoursOf(negatives),
    decision: { patience, refractorySeconds },
    maxFalseAcceptsPerHour: Infinity,
  });
  const card = curve.points.findLast(
    ({ threshold }) => threshold === null || threshold >= thresholds[label]!,
  )!;
  const points = [...RATES.map((rate) => operatingPoint(curve, rate)), card];
  return {
    positives: curve.positives,
    negativeHours: curve.negativeHours,
    misses: points.map(({ misses }) => misses),
    falseAccepts: points.map(({ falseAccepts }) => falseAccepts),
  };
}

const shape = ({ noise, snrDb, rooms }: ConditionFolders) => ({
  ...(noise !== undefined && { noise, snrDb: [snrDb ?? 10] }),
  ...(rooms !== undefined && { rooms }),
});
