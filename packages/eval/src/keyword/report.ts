import type { ModelCard } from "@callsign/infer/internal";
import { type KeywordEvaluation, peakOf } from "./keyword-evaluation.ts";
import type { MachineFacts } from "../report/machine-facts.ts";
import { operatingPoint, shortestFloat32 } from "../detection/operating-point.ts";
import type { ScoredRecording } from "../recordings/score-recordings.ts";
import type { Conditions } from "../recordings/stage-recording.ts";
import {
  type Excerpt,
  excerptOf,
  worstFalseAccepts,
  type WorstCase,
  worstMisses,
  type WorstRecording,
} from "./worst-recordings.ts";

/** Content of a keyword evaluation's `report.json`. Keys may be added; a change of meaning needs a new `schemaVersion`. */
export interface KeywordReport extends Omit<KeywordEvaluation, "curve" | "heard" | "resampledMissRates"> {
  readonly schemaVersion: 1;
  readonly kind: "keyword";
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly tool: { readonly name: string; readonly version: string; readonly gitCommit?: string };
  readonly command: string | null;
  readonly machine: MachineFacts;
  readonly model: ModelCard;
  readonly label: string;
  readonly conditions: {
    readonly seed: string | number;
    /** Number of noise recordings to draw from; 0 without noise. */
    readonly noises: number;
    readonly snrDb: readonly number[];
    readonly rooms: number;
  };
  /** Unreadable recordings, with the reason. */
  readonly faults: readonly string[];
  readonly curve: KeywordEvaluation["curve"];
  /** Highest score of every recording, rounded to six digits. */
  readonly peakScores: { readonly positives: readonly number[]; readonly negatives: readonly number[] };
  /** Names of the recordings of the word missed at `atFalseAcceptsPerHour`. */
  readonly missed: readonly string[];
  readonly worstMisses: readonly WorstRecording[];
  readonly worstFalseAccepts: readonly WorstRecording[];
}

export interface KeywordReportParts {
  readonly evaluation: KeywordEvaluation;
  readonly positives: readonly ScoredRecording[];
  readonly negatives: readonly ScoredRecording[];
  readonly model: ModelCard;
  readonly label: string;
  readonly conditions: Conditions;
  readonly faults: readonly string[];
  readonly command: string | null;
  readonly machine: MachineFacts;
  readonly tool: KeywordReport["tool"];
  readonly createdAt: Date;
}

/** Most excerpts of each kind; keeps the page below a few megabytes. */
const MAX_CASES = 12;

/** Builds the content of a report. */
export function makeKeywordReport(parts: KeywordReportParts): KeywordReport {
  const { evaluation, positives, negatives, conditions } = parts;
  const { heard, curve, resampledMissRates: _resampled, ...figures } = evaluation;
  const cases = worstOf(parts);
  const peaks = (recordings: readonly ScoredRecording[]): number[] =>
    recordings.map(({ track }) => Number(peakOf(track).score.toPrecision(6)));
  return {
    schemaVersion: 1,
    kind: "keyword",
    createdAt: parts.createdAt.toISOString(),
    tool: parts.tool,
    command: parts.command,
    machine: parts.machine,
    model: parts.model,
    label: parts.label,
    conditions: {
      seed: conditions.seed,
      noises: conditions.noises?.length ?? 0,
      snrDb: conditions.noises === undefined ? [] : (conditions.snrDb ?? [10]),
      rooms: conditions.rooms?.length ?? 0,
    },
    faults: parts.faults,
    ...figures,
    curve: {
      ...curve,
      points: curve.points.map(({ threshold, ...counts }) => ({
        threshold: threshold === null ? null : shortestFloat32(threshold),
        ...counts,
      })),
    },
    peakScores: { positives: peaks(positives), negatives: peaks(negatives) },
    missed: positives.filter((_, i) => !heard[i]).map(({ recording }) => recording.name),
    worstMisses: cases.misses.map(({ entry }) => entry),
    worstFalseAccepts: cases.falseAccepts.map(({ entry }) => entry),
  };
}

/** Excerpts of a report's worst recordings, in the report's order. */
export interface KeywordExcerpts {
  readonly misses: readonly Excerpt[];
  readonly falseAccepts: readonly Excerpt[];
}

/** Reads the excerpts of the worst recordings. */
export async function readKeywordExcerpts(parts: KeywordReportParts): Promise<KeywordExcerpts> {
  const { misses, falseAccepts } = worstOf(parts);
  const { conditions } = parts;
  const read = (cases: readonly WorstCase[], kind: "miss" | "false-accept"): Promise<Excerpt[]> =>
    Promise.all(cases.map((worst) => excerptOf(worst, { kind, conditions })));
  return { misses: await read(misses, "miss"), falseAccepts: await read(falseAccepts, "false-accept") };
}

function worstOf({ evaluation, positives, negatives, model }: KeywordReportParts) {
  const { patience, refractorySeconds } = model.decision;
  const { threshold } = operatingPoint(evaluation.curve, evaluation.atFalseAcceptsPerHour);
  return {
    misses: worstMisses(positives, { heard: evaluation.heard, max: MAX_CASES }),
    falseAccepts: worstFalseAccepts(negatives, {
      decision: { patience, refractorySeconds },
      threshold,
      max: MAX_CASES,
    }),
  };
}
