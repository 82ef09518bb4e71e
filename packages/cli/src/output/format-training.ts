import type { EpochRecord, ResolvedTraining, TrainedDetector } from "@callsign/train/internal";

import { formatDuration } from "./progress.ts";
import { percent } from "./percent.ts";

/**
 * Formats an epoch: `epoch 3/20: loss 0.1312, validation ...`, then the number that decides which epoch is best: for a mute
 * gate the expected cost, else the DET area, with the details of each label.
 */
export function formatEpoch(
  record: EpochRecord,
  {
    epochs,
    goal,
  }: {
    readonly epochs: number;
    readonly goal: ResolvedTraining["goal"];
  },
): string {
  const { validation, isBest } = record;
  const { from, to } = validation.detAreaRange;
  const [decisive] = validation.criterion;
  const isGate = goal === "gate";
  const name = isGate ? "cost" : `DET area (${from}-${to}/h)`;
  const labels = validation.labels.map(({ label, cost, detArea, atTarget }) =>
    isGate
      ? `${label} ${cost.cost.toFixed(4)}`
      : `${label} ${detArea.toFixed(3)}, ${percent(atTarget.falseRejectRate)} missed at ${atTarget.falseAcceptsPerHour.toFixed(2)}/h`,
  );
  // The cost of a single label is the number that decides.
  const details = isGate && labels.length === 1 ? [] : labels;
  return [
    `epoch ${record.epoch}/${epochs}: loss ${record.trainLoss.toFixed(4)}, validation ${validation.loss.toFixed(4)}`,
    `${name} ${decisive.toFixed(3)}${isBest ? " (best so far)" : ""}`,
    ...details,
    `${Math.round(record.samplesPerSecond)} samples/s (loader ${(100 * record.loaderShare).toFixed(1)} %)`,
    formatDuration(record.seconds),
  ].join("; ");
}

/** Text at the end of a training. */
export function formatTrained({ model, finished, reportFile }: TrainedDetector): string {
  const lines = finished.labels.map(
    (one) =>
      `${one.label}: threshold ${one.threshold.toPrecision(4)}; of windows ${percent(one.missedShare)} missed, ` +
      `${percent(one.needlessShare)} needless; of phrases ${percent(one.falseRejectRate)} missed, ` +
      `${one.falseAcceptsPerHour.toFixed(2)} false accepts per hour`,
  );
  const size = `${model.parameterCount.toLocaleString("en-US")} parameters, ${weightsOf(finished.epochs)}`;
  return `${lines.join("\n")}\n${size} -> ${model.modelFile}\nreport: ${reportFile}\n`;
}

const weightsOf = (epochs: readonly number[]): string =>
  epochs.length === 1 ? `weights of epoch ${epochs[0]}` : `average of epochs ${epochs.join(", ")}`;
