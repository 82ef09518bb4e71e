import { CallsignError } from "@callsign/audio/internal";

import type { KeywordEvaluation, KeywordFigures } from "./keyword-evaluation.ts";
import { type McNemar, mcnemar } from "../statistics/mcnemar.ts";
import type { ScoredRecording } from "../recordings/score-recordings.ts";

/** One model's evaluation on the recordings that all of them heard. */
export interface ComparedModel {
  /** As it is called in what is said: its folder or file. */
  readonly model: string;
  readonly label: string;
  readonly evaluation: KeywordEvaluation;
  /** In the order that `evaluation.heard` has. */
  readonly positives: readonly ScoredRecording[];
}

/** Two models on the same recordings of the word, each at its own threshold for the rate looked at. */
export interface ModelPair extends McNemar {
  readonly first: string;
  readonly second: string;
  /** Names of the recordings of the word that one of them heard and the other missed. */
  readonly heardOnlyByFirst: readonly string[];
  readonly heardOnlyBySecond: readonly string[];
}

/** Several models side by side. */
export interface ModelComparison {
  /** False accepts per hour that each model's threshold allows in the pairs. */
  readonly atFalseAcceptsPerHour: number;
  readonly models: readonly (KeywordFigures & { readonly model: string; readonly label: string })[];
  /** Every two of them, in order. */
  readonly pairs: readonly ModelPair[];
}

/**
 * Compares models that were evaluated on the same recordings under the same conditions at the same rate: paired, so
 * that a recording hard for all of them counts for none.
 * @throws CallsignError `INVALID_ARGUMENT` for fewer than two models, or other recordings
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
    heardOnlyByFirst: names((i) => heard.first[i]! && !heard.second[i]!),
    heardOnlyBySecond: names((i) => heard.second[i]! && !heard.first[i]!),
  };
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
