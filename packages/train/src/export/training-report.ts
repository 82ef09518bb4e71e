import {
  drawLines,
  facts,
  figure,
  formatPercent,
  html,
  keyFigures,
  renderPage,
  section,
  table,
} from "@callsign/eval/internal";
import { writeFileAtomic } from "@callsign/infer/node/internal";

import type { Backend } from "../backends/backend.ts";
import type { DetectorConfig } from "../config/config.ts";
import type { ExportedModel } from "./export-model.ts";
import type { FinishedTraining } from "../select/finish-training.ts";
import type { ResolvedTraining } from "../config/resolve-training.ts";
import type { EpochRecord } from "../loop/state.ts";
import { describeHours } from "../select/validate.ts";

export interface TrainingReportParts {
  readonly config: DetectorConfig;
  readonly training: ResolvedTraining;
  readonly finished: FinishedTraining;
  readonly history: readonly EpochRecord[];
  readonly model: ExportedModel;
  readonly data: readonly { readonly name: string; readonly licence: string }[];
  readonly backend: Pick<Backend, "name" | "device">;
}

/** Writes report.json and report.html. @throws CallsignError `FILE_WRITE_FAILED` */
export async function writeTrainingReport(
  parts: TrainingReportParts,
  { reportFile, jsonFile }: { readonly reportFile: string; readonly jsonFile: string },
): Promise<void> {
  const { config, training, finished, history, model, data, backend } = parts;
  const { weights: _weights, ...chosen } = finished;
  const { name, device } = backend;
  const json = {
    schemaVersion: 1,
    kind: "training",
    config,
    training,
    ...chosen,
    history,
    card: model.card,
    data,
  };
  await writeFileAtomic(jsonFile, `${JSON.stringify({ ...json, backend: { name, device } })}\n`);
  await writeFileAtomic(reportFile, renderTrainingReport(parts));
}

/** Renders the report page: losses, validation by epoch, error rates by threshold. */
export function renderTrainingReport(parts: TrainingReportParts): string {
  const { config, training, finished, history, model, data, backend } = parts;
  const { createdBy } = model.card;
  return renderPage({
    kicker: "Training report",
    title: config.name,
    lead: `${training.architecture.name}, ${history.length} epochs of ${config.train.stepsPerEpoch} steps, for ${config.labels.map(({ label }) => label).join(", ")}.`,
    sections: [
      section(
        { id: "result", heading: "Result on the validation split" },
        keyFigures(figuresOf(parts)),
        labelTable(finished),
        html`<p>
          False accepts per hour are from ${describeHours(finished.validation.hours)}; rates too low to be
          counted there are extrapolated from the highest-scoring false accepts.
        </p>`,
      ),
      section({ id: "loss", heading: "Loss" }, lossFigure(history)),
      section({ id: "validation", heading: "Validation, epoch by epoch" }, criterionFigure(parts)),
      section({ id: "det", heading: "False rejects against false accepts" }, curveFigure(finished)),
      section(
        { id: "data", heading: "Data" },
        table({
          caption: "Sources and licences",
          columns: [{ heading: "Source" }, { heading: "Licence" }],
          rows: data.map(({ name, licence }) => [name, licence]),
        }),
      ),
      section(
        { id: "how", heading: "How it was trained" },
        facts([
          ["Backend", `${backend.name} (${backend.device})`],
          ["Seed", training.seed],
          ["Peak learning rate", training.learningRate],
          ["Averaged epochs", finished.epochs.join(", ")],
          ["Samples per second", Math.round(mean(history.map((one) => one.samplesPerSecond)))],
          ["Share of time spent on batches", formatPercent(mean(history.map((one) => one.loaderShare)))],
          ["Model sha256", html`<code>${model.card.classifier.sha256}</code>`],
        ]),
      ),
    ],
    colophon: `callsign ${createdBy.version}${createdBy.gitCommit === undefined ? "" : `, commit ${createdBy.gitCommit.slice(0, 12)}`}`,
  });
}

function figuresOf({ finished, training, history }: TrainingReportParts) {
  const worst = (of: (one: FinishedTraining["labels"][number]) => number): number =>
    Math.max(...finished.labels.map(of));
  const last = history.at(-1);
  return [
    ...(training.goal === "gate"
      ? [
          {
            label: "Phrase let through",
            value: formatPercent(worst((one) => one.missedShare)),
            note: "of its windows",
          },
          {
            label: "Muted needlessly",
            value: formatPercent(worst((one) => one.needlessShare)),
            note: "of other windows",
          },
        ]
      : [
          {
            label: "False rejects",
            value: formatPercent(worst((one) => one.falseRejectRate)),
            note: "at the threshold",
          },
          { label: "False accepts per hour", value: worst((one) => one.falseAcceptsPerHour).toFixed(2) },
        ]),
    { label: "Training loss", value: (last?.trainLoss ?? Number.NaN).toFixed(4), note: "of the last epoch" },
    { label: "Minutes", value: (history.reduce((sum, { seconds }) => sum + seconds, 0) / 60).toFixed(1) },
  ];
}

const labelTable = ({ labels }: FinishedTraining) =>
  table({
    caption: "At the card's threshold",
    columns: [
      { heading: "Label" },
      { heading: "Threshold", kind: "number" },
      { heading: "Missed windows", kind: "number" },
      { heading: "Needless windows", kind: "number" },
      { heading: "False rejects", kind: "number" },
      { heading: "False accepts per hour", kind: "number" },
      { heading: "Counted", kind: "number" },
    ],
    rows: labels.map((one) => [
      one.label,
      one.threshold.toPrecision(4),
      formatPercent(one.missedShare),
      formatPercent(one.needlessShare),
      formatPercent(one.falseRejectRate),
      one.falseAcceptsPerHour.toFixed(2),
      one.counted.toFixed(2),
    ]),
  });

const lossFigure = (history: readonly EpochRecord[]) =>
  figure({
    picture: drawLines({
      id: "loss-curve",
      title: "Loss by epoch",
      description: `Training loss fell from ${history[0]?.trainLoss.toFixed(4)} to ${history.at(-1)?.trainLoss.toFixed(4)}.`,
      x: "Epoch",
      y: "Loss",
      lines: [
        {
          colour: "var(--score)",
          points: history.map(({ epoch, trainLoss }) => ({ x: epoch, y: trainLoss })),
        },
        {
          colour: "var(--truth)",
          points: history.map(({ epoch, validation }) => ({ x: epoch, y: validation.loss })),
        },
      ],
    }),
    legend: [
      { label: "training (as weighted)", swatch: "score" },
      { label: "validation (classes weighted equally)", swatch: "truth" },
    ],
    caption: "Cross-entropy. The two are weighted differently: compare their trends, not their values.",
  });

function criterionFigure({ history, training }: TrainingReportParts) {
  const range = history[0]?.validation.detAreaRange;
  return figure({
    picture: drawLines({
      id: "criterion-curve",
      title: "Selection criterion by epoch",
      description: `Lowest ${Math.min(...history.map(({ validation }) => validation.criterion[0])).toFixed(4)}.`,
      x: "Epoch",
      y: training.goal === "gate" ? "Expected cost" : "DET area",
      lines: [
        {
          colour: "var(--truth)",
          points: history.map(({ epoch, validation }) => ({ x: epoch, y: validation.criterion[0] })),
        },
      ],
    }),
    caption:
      training.goal === "gate"
        ? "Expected cost of a window at the best threshold; 0 is perfect."
        : `Mean false reject rate over ${range?.from} to ${range?.to} false accepts per hour; 0 is perfect.`,
  });
}

const curveFigure = ({ labels }: FinishedTraining) =>
  figure({
    picture: drawLines({
      id: "det-curve",
      title: "False reject rate by false accepts per hour",
      description: labels
        .map((one) => `${one.label}: ${formatPercent(one.falseRejectRate)} at the threshold.`)
        .join(" "),
      x: "False accepts per hour",
      y: "False reject rate",
      lines: labels.map(({ curve }) => ({
        colour: "var(--truth)",
        points: curve.map((point) => ({ x: point.falseAcceptsPerHour, y: point.falseRejectRate })),
      })),
    }),
    caption:
      "Detections on streams of the validation split, one line per label, from the highest threshold to the lowest.",
  });

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
