import type { MuteGatePolicy } from "@callsign/infer/internal";
import { flattenWeights, splitWeights } from "../weights/flat-weights.ts";
import { foldCalibration } from "./fold-calibration.ts";
import type { Weights } from "../weights/parameters.ts";
import { type Run, scoringOf } from "../loop/run.ts";
import { chooseGate } from "./choose-mute-gate.ts";
import { calibrate, type LogitScale } from "./calibrate.ts";
import { costAt, leastCost } from "./expected-cost.ts";
import { chooseThreshold, type ThresholdPoint, errorRatesAt, sweepThresholds } from "./choose-threshold.ts";
import {
  gateStreamOf,
  isBetter,
  judge,
  scoreValidation,
  streamOf,
  toScores,
  type Validation,
} from "./validate.ts";

/** How one label of a finished model does on the validation split. */
export interface FinishedLabel {
  readonly label: string;
  readonly threshold: number;
  readonly calibration: LogitScale;
  /** Windows at the threshold: cost of a gate, share of the phrase's windows below it, of others above it. */
  readonly cost: number;
  readonly missedShare: number;
  readonly needlessShare: number;
  /** Streams at the threshold, and at others. */
  readonly falseRejectRate: number;
  readonly falseAcceptsPerHour: number;
  readonly curve: readonly ThresholdPoint[];
}

/** A trained network, its scores calibrated and its thresholds chosen. */
export interface FinishedTraining {
  readonly weights: Weights;
  readonly labels: readonly FinishedLabel[];
  /** Epochs whose weights were averaged; one where the best alone was better. */
  readonly epochs: readonly number[];
  readonly validation: Validation;
  /** Where the goal is a gate. */
  readonly gate?: MuteGatePolicy;
}

/** Chooses the weights, calibrates them, and chooses the thresholds, all on the validation split. */
export async function finishTraining(run: Run): Promise<FinishedTraining> {
  const { architecture, config, training, learner, shards } = run;
  const { epochs, flat, validation } = await chooseWeights(run);
  const chosen = splitWeights(architecture, flat);
  const { selection } = config.train;
  learner.setWeights(chosen);
  const raw = await scoreValidation({ tables: shards.tables, config }, scoringOf(run));
  const scales = raw.labels.map((scores) =>
    selection.calibration === "platt"
      ? calibrate({ ...scores, phraseShare: selection.phraseShare })
      : { scale: 1, shift: 0 },
  );
  const weights = foldCalibration(architecture, chosen, { scales });
  learner.setWeights(weights);
  const scored = await scoreValidation({ tables: shards.tables, config }, scoringOf(run));
  const judged = config.labels.map((_, i) => {
    const scores = toScores(scored.labels[i]!);
    const stream = streamOf(scored.shards, { config, label: i });
    return { scores, stream, curve: sweepThresholds(stream, selection) };
  });
  const gate =
    training.goal === "gate"
      ? chooseGate(gateStreamOf(scored.shards, config), {
          thresholds: judged.map(({ scores }) => leastCost(scores, selection).threshold),
          costs: selection,
        })
      : undefined;
  const labels = config.labels.map(({ label }, i): FinishedLabel => {
    const { scores, stream, curve } = judged[i]!;
    const threshold = gate?.thresholds[i] ?? chooseThreshold(curve, selection.falseAcceptsPerHour).threshold;
    const { cost, missedShare, needlessShare } = costAt(scores, { ...selection, threshold });
    const { falseRejectRate, falseAcceptsPerHour } = errorRatesAt(stream, { ...selection, threshold });
    const figures = { cost, missedShare, needlessShare, falseRejectRate, falseAcceptsPerHour };
    return { label, threshold, calibration: scales[i]!, ...figures, curve };
  });
  return { weights, labels, epochs, validation, ...(gate && { gate: gate.policy }) };
}

/** The mean of the best epochs' weights (Izmailov et al. 2018, arXiv 1803.05407), or the best epoch where that is better. */
async function chooseWeights(run: Run): Promise<{
  readonly epochs: readonly number[];
  readonly flat: Float32Array;
  readonly validation: Validation;
}> {
  const { state, architecture, config, learner, shards, training } = run;
  const judged = async (flat: Float32Array): Promise<Validation> => {
    learner.setWeights(splitWeights(architecture, flat));
    const scored = await scoreValidation({ tables: shards.tables, config }, scoringOf(run));
    return judge(scored, { config, training, tables: shards.tables });
  };
  const [best] = state.best;
  const flat = best?.weights ?? flattenWeights(architecture, await learner.weights());
  const single = { epochs: [best?.epoch ?? 0], flat, validation: await judged(flat) };
  if (state.best.length < 2) return single;
  const mean = new Float32Array(flat.length);
  for (const { weights } of state.best)
    for (let i = 0; i < mean.length; i++) mean[i]! += weights[i]! / state.best.length;
  const validation = await judged(mean);
  if (!isBetter(validation.criterion, single.validation.criterion)) return single;
  return { epochs: state.best.map(({ epoch }) => epoch).toSorted((a, b) => a - b), flat: mean, validation };
}
