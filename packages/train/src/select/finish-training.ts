import type { MuteGatePolicy } from "@callsign/infer/internal";
import { flattenWeights, splitWeights } from "../weights/flat-weights.ts";
import { foldCalibration } from "./fold-calibration.ts";
import type { Weights } from "../weights/parameters.ts";
import { type Run, scoringOf } from "../loop/run.ts";
import { chooseGate } from "./choose-mute-gate.ts";
import { calibrate, type LogitScale } from "./calibrate.ts";
import { costAt, leastCost } from "./expected-cost.ts";
import {
  chooseThreshold,
  estimableRate,
  type ThresholdPoint,
  errorRatesAt,
  sweepThresholds,
} from "./choose-threshold.ts";
import {
  gateStreamOf,
  isBetter,
  judge,
  type ScoredValidation,
  scoreValidation,
  streamOf,
  toScores,
  type Validation,
} from "./validate.ts";

/** Results of one label of a finished model on the validation split. */
export interface FinishedLabel {
  readonly label: string;
  readonly threshold: number;
  readonly calibration: LogitScale;
  /** Cost of muting at the threshold, by window; below: shares of phrase windows under it and of other windows over it. */
  readonly cost: number;
  readonly missedShare: number;
  readonly needlessShare: number;
  /** Errors after the decision stage at the threshold; `curve`: at other thresholds. */
  readonly falseRejectRate: number;
  /** Estimated from the tail of the highest-scoring false accepts; for a mute gate as counted. */
  readonly falseAcceptsPerHour: number;
  /** False accepts per hour as counted. */
  readonly counted: number;
  readonly curve: readonly ThresholdPoint[];
}

/** Weights of a trained, calibrated network with its thresholds. */
export interface FinishedTraining {
  readonly weights: Weights;
  readonly labels: readonly FinishedLabel[];
  /** Epochs whose weights were averaged; only the best one if averaging did not help. */
  readonly epochs: readonly number[];
  readonly validation: Validation;
  /** Mute gate, if that is the goal. */
  readonly gate?: MuteGatePolicy;
}

/** Chooses the weights, calibrates them, and chooses the thresholds, all on the validation split. */
export async function finishTraining(run: Run): Promise<FinishedTraining> {
  const { architecture, config, training, learner } = run;
  const { epochs, flat, raw, validation } = await chooseWeights(run);
  const { selection } = config.train;
  const { costs, timing } = training;
  const scales = raw.labels.map((scores) =>
    selection.calibration === "platt"
      ? calibrate({ ...scores, phraseShare: costs.phraseShare })
      : { scale: 1, shift: 0 },
  );
  const scored = scaleLogits(raw, scales);
  const judged = config.labels.map((_, i) => {
    const scores = toScores(scored.labels[i]!);
    const stream = streamOf(scored.shards, { config, label: i });
    return { scores, stream, curve: sweepThresholds(stream, timing) };
  });
  const gate =
    training.goal === "gate"
      ? chooseGate(gateStreamOf(scored.shards, config), {
          thresholds: judged.map(({ scores }) => leastCost(scores, costs).threshold),
          costs,
        })
      : undefined;
  const labels = config.labels.map(({ label }, i): FinishedLabel => {
    const { scores, stream, curve } = judged[i]!;
    const chosen = chooseThreshold(curve, estimableRate(selection.falseAcceptsPerHour, stream.hours));
    const threshold = gate?.thresholds[i] ?? chosen.threshold;
    const { cost, missedShare, needlessShare } = costAt(scores, { ...costs, threshold });
    const { falseRejectRate, falseAcceptsPerHour: counted } = errorRatesAt(stream, { ...timing, threshold });
    const falseAcceptsPerHour = gate === undefined ? chosen.falseAcceptsPerHour : counted;
    const figures = { cost, missedShare, needlessShare, falseRejectRate, falseAcceptsPerHour, counted };
    return { label, threshold, calibration: scales[i]!, ...figures, curve: curve.points };
  });
  const weights = foldCalibration(architecture, splitWeights(architecture, flat), { scales });
  learner.setWeights(weights);
  return { weights, labels, epochs, validation, ...(gate && { gate: gate.policy }) };
}

/** Validation logits of the network with the calibration folded in. */
function scaleLogits({ shards, labels }: ScoredValidation, scales: readonly LogitScale[]): ScoredValidation {
  const apply = ({ scale, shift }: LogitScale, logit: number): number => scale * logit + shift;
  return {
    shards: shards.map(({ table, logits }) => ({
      table,
      logits: logits.map((logit, i) => apply(scales[i % scales.length]!, logit)),
    })),
    labels: labels.map(({ positives, negatives }, i) => ({
      positives: positives.map((logit) => apply(scales[i]!, logit)),
      negatives: negatives.map((logit) => apply(scales[i]!, logit)),
    })),
  };
}

/** Weights with their scores on the validation split. */
interface ChosenWeights {
  readonly epochs: readonly number[];
  readonly flat: Float32Array;
  readonly raw: ScoredValidation;
  readonly validation: Validation;
}

/** Mean of the best epochs' weights (Izmailov et al. 2018, arXiv 1803.05407), or the best epoch if that is better. */
async function chooseWeights(run: Run): Promise<ChosenWeights> {
  const { state, architecture, config, learner, shards, training } = run;
  const judged = async (flat: Float32Array, epochs: readonly number[]): Promise<ChosenWeights> => {
    learner.setWeights(splitWeights(architecture, flat));
    const raw = await scoreValidation({ tables: shards.tables, config }, scoringOf(run));
    return { epochs, flat, raw, validation: judge(raw, { config, training }) };
  };
  const [best] = state.best;
  const flat = best?.weights ?? flattenWeights(architecture, await learner.weights());
  const single = await judged(flat, [best?.epoch ?? 0]);
  if (state.best.length < 2) return single;
  const mean = new Float32Array(flat.length);
  for (const { weights } of state.best)
    for (let i = 0; i < mean.length; i++) mean[i]! += weights[i]! / state.best.length;
  const averaged = await judged(
    mean,
    state.best.map(({ epoch }) => epoch).toSorted((a, b) => a - b),
  );
  return isBetter(averaged.validation.criterion, single.validation.criterion) ? averaged : single;
}
