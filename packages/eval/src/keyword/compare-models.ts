import { CallsignError } from "@callsign/audio/internal";

import type { KeywordEvaluation, KeywordFigures } from "./keyword-evaluation.ts";
import type { Interval } from "../statistics/confidence-interval.ts";
import { resampledInterval } from "../detection/resample-curve.ts";
import { type McNemar, mcnemar } from "../statistics/mcnemar.ts";
import type { ScoredRecording } from "../recordings/score-recordings.ts";

/** One model's evaluation on the recordings shared by all models. */
export interface ComparedModel {
  /** Name in messages and results: the model's folder or file. */
  readonly model: string;
  readonly label: string;
  readonly evaluation: KeywordEvaluation;
  /** In the order of `evaluation.heard`. */
  readonly positives: readonly ScoredRecording[];
}

/** Two models on the same recordings of the word, each at its own threshold for the chosen rate of false accepts. */
export interface ModelPair extends McNemar {
  readonly first: string;
  readonly second: string;
  /** Miss rate of the first minus that of the second. */
  readonly difference: number;
  /** 95 % interval of the difference over the same resamples of recordings (`resampleMissRates`). */
  readonly differenceInterval: Interval;
  /** Names of the recordings of the word that only one of the two detected. */
  readonly heardOnlyByFirst: readonly string[];
  readonly heardOnlyBySecond: readonly string[];
}

/** Comparison of several models. */
export interface ModelComparison {
  /** False accepts per hour at which the pairs are compared. */
  readonly atFalseAcceptsPerHour: number;
  readonly models: readonly (KeywordFigures & { readonly model: string; readonly label: string })[];
  /** Every pair of models, in order. */
  readonly pairs: readonly ModelPair[];
}

/**
 * Compares models evaluated on the same recordings under the same conditions at the same rate. Tests are paired, so that
 * recordings that are hard for all models do not matter.
 * @throws CallsignError `INVALID_ARGUMENT` for fewer than two models, or different recordings
 */
export function compareModels(compared: readonly ComparedModel[]): ModelComparison {
  const [head, ...others] = compared;
  if (head === undefined || others.length === 0)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `compare: expected two models or more, got ${compared.length}`,
    );
  for (const other of others) checkSame(head, other);
  return {
    atFalseAcceptsPerHour: head.evaluation.atFalseAcceptsPerHour,
    models: compared.map(({ model, label, evaluation }) => {
      const { positives, negativeHours, operatingPoints, latencyMs } = evaluation;
      return { model, label, positives, negativeHours, operatingPoints, latencyMs };
    }),
    pairs: compared.flatMap((first, i) => compared.slice(i + 1).map((second) => pairOf(first, second))),
  };
}

function pairOf(first: ComparedModel, second: ComparedModel): ModelPair {
  const heard = { first: first.evaluation.heard, second: second.evaluation.heard };
  const names = (wanted: (i: number) => boolean): string[] =>
    first.positives.filter((_, i) => wanted(i)).map(({ recording }) => recording.name);
  return {
    first: first.model,
    second: second.model,
    ...mcnemar(heard.first, heard.second),
    difference: missRate(heard.first) - missRate(heard.second),
    differenceInterval: differenceInterval(first.evaluation, second.evaluation),
    heardOnlyByFirst: names((i) => heard.first[i]! && !heard.second[i]!),
    heardOnlyBySecond: names((i) => heard.second[i]! && !heard.first[i]!),
  };
}

const missRate = (heard: readonly boolean[]): number => heard.filter((hit) => !hit).length / heard.length;

function differenceInterval(first: KeywordEvaluation, second: KeywordEvaluation): Interval {
  const rate = first.atFalseAcceptsPerHour;
  const others = second.resampledMissRates.get(rate)!;
  return resampledInterval(first.resampledMissRates.get(rate)!.map((value, i) => value - others[i]!));
}

function checkSame(first: ComparedModel, second: ComparedModel): void {
  const same =
    first.positives.length === second.positives.length &&
    first.positives.every(({ recording }, i) => recording.name === second.positives[i]!.recording.name) &&
    first.evaluation.negativeHours === second.evaluation.negativeHours &&
    first.evaluation.atFalseAcceptsPerHour === second.evaluation.atFalseAcceptsPerHour;
  if (!same)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `compare: ${first.model} and ${second.model} were not evaluated on the same recordings at the same rate`,
    );
}
