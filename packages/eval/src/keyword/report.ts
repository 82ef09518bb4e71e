import type { ModelCard } from "@callsign/infer/internal";
import { CallsignError } from "@callsign/audio/internal";
import { detectionsAt, peakOf } from "../detection/score-track.ts";
import type { KeywordEvaluation } from "./keyword-evaluation.ts";
import { type MeanFigures, meanFigures } from "./mean-figures.ts";
import type { ScoredKeyword } from "./score-keywords.ts";
import type { MachineFacts } from "../report/machine-facts.ts";
import { operatingPoint, shortestFloat32 } from "../detection/operating-point.ts";
import type { ScoredRecording } from "../recordings/score-recordings.ts";
import type { OpenConditions } from "../recordings/open-conditions.ts";
import { percentile } from "../statistics/percentile.ts";
import {
  type Excerpt,
  excerptOf,
  worstFalseAccepts,
  type WorstCase,
  worstMisses,
  type WorstRecording,
} from "./worst-recordings.ts";

/** Content of a keyword evaluation's `report.json`. Keys may be added; a change of meaning needs a new `schemaVersion`. */
export interface KeywordReport {
  readonly schemaVersion: 2;
  readonly kind: "keyword";
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly tool: { readonly name: string; readonly version: string; readonly gitCommit?: string };
  readonly command: string | null;
  readonly machine: MachineFacts;
  readonly model: ModelCard;
  readonly conditions: Pick<OpenConditions, "seed" | "noises" | "snrDb" | "rooms">;
  /** Unreadable recordings, with the reason. */
  readonly faults: readonly string[];
  /** False accepts per hour at which the details are measured. */
  readonly atFalseAcceptsPerHour: number;
  readonly labels: readonly LabelReport[];
  /** Mean of the labels; null for one. */
  readonly mean: MeanFigures | null;
}

/** Figures of one label. */
export interface LabelReport extends Omit<KeywordEvaluation, "heard" | "resampledMissRates"> {
  readonly label: string;
  /** Percentiles of the recordings' speech-to-noise ratios, if they are known. */
  readonly snrDb: { readonly positives: SnrSummary | null; readonly negatives: SnrSummary | null };
  readonly recordings: readonly ReportedRecording[];
  /** Names of the recordings of the word missed at `atFalseAcceptsPerHour`. */
  readonly missed: readonly string[];
  readonly worstMisses: readonly WorstRecording[];
  readonly worstFalseAccepts: readonly WorstRecording[];
}

/** Percentiles of speech-to-noise ratios over recordings, in dB. */
export interface SnrSummary {
  readonly recordings: number;
  readonly p5: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
}

/** One recording of an evaluation. Ratios in dB, rounded to tenths. */
export interface ReportedRecording {
  readonly name: string;
  readonly isPositive: boolean;
  readonly speaker: string | null;
  readonly seconds: number;
  /** Ratio of the speech to all noise; null if not known. */
  readonly snrDb: number | null;
  /** Ratio of the speech to the noise that was added; null without added noise. */
  readonly mixedSnrDb: number | null;
  readonly noise: string | null;
  readonly room: string | null;
  /** Highest score, rounded to six digits. */
  readonly score: number;
  /** Number of detections at `atFalseAcceptsPerHour`. */
  readonly detections: number;
}

/** Evaluation of one label, with its recordings. */
export interface EvaluatedKeyword extends ScoredKeyword {
  readonly label: string;
  readonly evaluation: KeywordEvaluation;
}

export interface KeywordReportParts {
  readonly keywords: readonly EvaluatedKeyword[];
  readonly model: ModelCard;
  readonly conditions: OpenConditions;
  readonly faults: readonly string[];
  readonly command: string | null;
  readonly machine: MachineFacts;
  readonly tool: KeywordReport["tool"];
  readonly createdAt: Date;
}

/** Most excerpts of each kind; keeps the page below a few megabytes. */
const MAX_CASES = 12;

/** Builds the content of a report. @throws CallsignError `INVALID_ARGUMENT` without labels */
export function makeKeywordReport(parts: KeywordReportParts): KeywordReport {
  const { keywords, model, conditions } = parts;
  const [first] = keywords;
  if (first === undefined)
    throw new CallsignError("INVALID_ARGUMENT", "keyword report: expected at least one label, got none");
  const { seed, noises, snrDb, rooms } = conditions;
  return {
    schemaVersion: 2,
    kind: "keyword",
    createdAt: parts.createdAt.toISOString(),
    tool: parts.tool,
    command: parts.command,
    machine: parts.machine,
    model,
    conditions: { seed, noises, snrDb, rooms },
    faults: parts.faults,
    atFalseAcceptsPerHour: first.evaluation.atFalseAcceptsPerHour,
    labels: keywords.map((keyword) => labelReport(keyword, model)),
    mean: meanFigures(keywords.map(({ evaluation }) => evaluation)) ?? null,
  };
}

function labelReport(keyword: EvaluatedKeyword, model: ModelCard): LabelReport {
  const { label, evaluation, positives, negatives } = keyword;
  const { heard, curve, resampledMissRates: _resampled, ...figures } = evaluation;
  const cases = worstOf(keyword, model);
  const at = { decision: model.decision, threshold: closeLook(evaluation) };
  return {
    label,
    ...figures,
    curve: {
      ...curve,
      points: curve.points.map(({ threshold, ...counts }) => ({
        threshold: threshold === null ? null : shortestFloat32(threshold),
        ...counts,
      })),
    },
    snrDb: { positives: snrSummary(positives), negatives: snrSummary(negatives) },
    recordings: [
      ...positives.map((scored) => reported(scored, { ...at, isPositive: true })),
      ...negatives.map((scored) => reported(scored, { ...at, isPositive: false })),
    ],
    missed: positives.filter((_, i) => !heard[i]).map(({ recording }) => recording.name),
    worstMisses: cases.misses.map(({ entry }) => entry),
    worstFalseAccepts: cases.falseAccepts.map(({ entry }) => entry),
  };
}

function reported(
  { recording, staged, track }: ScoredRecording,
  options: Parameters<typeof detectionsAt>[1] & { readonly isPositive: boolean },
): ReportedRecording {
  const { isPositive, ...at } = options;
  return {
    name: recording.name,
    isPositive,
    speaker: recording.speaker ?? null,
    seconds: Math.round(staged.seconds * 100) / 100,
    snrDb: tenths(staged.snrDb),
    mixedSnrDb: tenths(staged.mixedSnrDb),
    noise: staged.noise ?? null,
    room: staged.room ?? null,
    score: Number(peakOf(track).score.toPrecision(6)),
    detections: detectionsAt(track, at).length,
  };
}

function snrSummary(recordings: readonly ScoredRecording[]): SnrSummary | null {
  const known = recordings.flatMap(({ staged }) => staged.snrDb ?? []);
  if (known.length === 0) return null;
  const at = (percent: number): number => tenths(percentile(known, percent))!;
  return { recordings: known.length, p5: at(5), p25: at(25), p50: at(50), p75: at(75), p95: at(95) };
}

const tenths = (value: number | undefined): number | null =>
  value === undefined ? null : Math.round(10 * value) / 10;

/** Threshold at which the details are measured. */
const closeLook = ({ curve, atFalseAcceptsPerHour }: KeywordEvaluation): number | null =>
  operatingPoint(curve, atFalseAcceptsPerHour).threshold;

/** Excerpts of the worst recordings of each label, in the report's order. */
export type KeywordExcerpts = readonly {
  readonly misses: readonly Excerpt[];
  readonly falseAccepts: readonly Excerpt[];
}[];

/** Reads the excerpts of the worst recordings. */
export async function readKeywordExcerpts({
  keywords,
  model,
  conditions: opened,
}: KeywordReportParts): Promise<KeywordExcerpts> {
  const conditions = await opened.read();
  const read = (cases: readonly WorstCase[], kind: "miss" | "false-accept"): Promise<Excerpt[]> =>
    Promise.all(cases.map((worst) => excerptOf(worst, { kind, conditions })));
  return Promise.all(
    keywords.map(async (keyword) => {
      const { misses, falseAccepts } = worstOf(keyword, model);
      return { misses: await read(misses, "miss"), falseAccepts: await read(falseAccepts, "false-accept") };
    }),
  );
}

function worstOf({ evaluation, positives, negatives }: EvaluatedKeyword, { decision }: ModelCard) {
  const { patience, refractorySeconds } = decision;
  return {
    misses: worstMisses(positives, { heard: evaluation.heard, max: MAX_CASES }),
    falseAccepts: worstFalseAccepts(negatives, {
      decision: { patience, refractorySeconds },
      threshold: closeLook(evaluation),
      max: MAX_CASES,
    }),
  };
}
