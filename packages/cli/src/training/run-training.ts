import type { DetectorConfig, EpochRecord, TrainedDetector } from "@callsign/train/internal";

import type { CliContext } from "../context.ts";
import { follow } from "../output/follow.ts";
import { openBackend } from "../flags/backend.ts";
import { formatDuration } from "../output/progress.ts";

export interface RunTrainingOptions {
  readonly config: DetectorConfig;
  readonly dataDir: string;
  readonly outDir: string;
  /** Instead of the config's. */
  readonly backend?: string | undefined;
  readonly resume: boolean;
}

/** Trains on the backend asked for, with its progress and a line an epoch on stderr. */
export async function runTraining(
  context: CliContext,
  { config, dataDir, outDir, resume, ...options }: RunTrainingOptions,
): Promise<TrainedDetector> {
  const { DET_AREA_RANGE, trainDetector } = await import("@callsign/train/internal");
  const backend = await openBackend(context, options.backend ?? config.train.backend);
  const { signal } = context;
  try {
    return await follow(trainDetector({ config, dataDir, outDir, backend, resume, signal }), {
      context,
      show: (event) => {
        if (event.kind === "progress") return { progress: event.progress };
        return {
          line:
            event.kind === "note"
              ? `note: ${event.note}`
              : formatEpoch(event.record, { epochs: config.train.epochs, detAreaRange: DET_AREA_RANGE }),
        };
      },
    });
  } finally {
    backend.release();
  }
}

/** `epoch 3/20: loss 0.1312, validation ...`: one line an epoch. */
function formatEpoch(
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

/** What a person wants to know of a finished model. */
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
