import type { EpochRecord, TrainedDetector } from "@callsign/train/internal";

import { formatDuration } from "./progress.ts";

/** Formats an epoch: `epoch 3/20: loss 0.1312, validation ...`. */
export function formatEpoch(
  record: EpochRecord,
  { epochs, detAreaRange }: { epochs: number; detAreaRange: { from: number; to: number } },
): string {
  const { validation } = record;
  const labels = validation.labels.map(
    ({ label, cost, detArea, atTarget }) =>
      `${label} cost ${cost.cost.toFixed(4)}, DET area ${detArea.toFixed(3)} (${detAreaRange.from}-${detAreaRange.to}/h), ` +
      `${(100 * atTarget.falseRejectRate).toFixed(1)} % missed at ${atTarget.falseAcceptsPerHour.toFixed(2)}/h`,
  );
  return [
    `epoch ${record.epoch}/${epochs}: loss ${record.trainLoss.toFixed(4)}, validation ${validation.loss.toFixed(4)}`,
    ...labels,
    `${Math.round(record.samplesPerSecond)} samples/s (loader ${(100 * record.loaderShare).toFixed(1)} %)`,
    `${formatDuration(record.seconds)}${record.isBest ? ", best so far" : ""}`,
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
  const size = `${model.parameterCount.toLocaleString("en-US")} parameters, weights of epoch ${finished.epochs.join(", ")}`;
  return `${lines.join("\n")}\n${size} -> ${model.modelFile}\nreport: ${reportFile}\n`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
