import type { ArchitectureConfig } from "../models/create-architecture.ts";
import { formatPercent } from "@callsign/eval/internal";

import type { DetectorConfig } from "../config/config.ts";
import type { ExportedModel } from "./export-model.ts";
import type { FinishedTraining } from "../select/finish-training.ts";
import type { ResolvedTraining } from "../config/resolve-training.ts";
import { describeHours } from "../select/validate.ts";

export interface ModelReadmeParts {
  readonly config: DetectorConfig;
  readonly training: ResolvedTraining;
  readonly finished: FinishedTraining;
  readonly model: ExportedModel;
  readonly data: readonly { readonly name: string; readonly licence: string }[];
  readonly parameters: number;
}

/** Formats a model's README.md as a model card of the Hugging Face hub: front matter, then text. */
export function formatModelReadme({
  config,
  training,
  finished,
  model,
  data,
  parameters,
}: ModelReadmeParts): string {
  const { card } = model;
  const phrases = config.labels.map(
    ({ label, phrases }) => `| ${cell(label)} | ${cell(phrases.join(", "))} |`,
  );
  const figures = finished.labels.map(
    (one) =>
      `| ${cell(one.label)} | ${one.threshold.toPrecision(4)} | ${formatPercent(one.missedShare)} | ${formatPercent(one.needlessShare)} | ` +
      `${formatPercent(one.falseRejectRate)} | ${one.falseAcceptsPerHour.toFixed(2)} |`,
  );
  return `---
library_name: callsign
pipeline_tag: audio-classification
tags:
  - voice-commands
  - keyword-spotting
  - onnx
# The data's licences decide what may be done with the model; they are listed below.
license: other
---

# ${config.name}

Detects spoken commands: ${networkOf(training.architecture)} of ${parameters.toLocaleString("en-US")} parameters on the embeddings of
\`${card.frontend.embedding.id}\`, ${card.windowing.kind === "sliding-audio" ? "one of them" : `${card.windowing.embeddings} in a row`} at a time.
Made by Callsign ${card.createdBy.version}.

    callsign detect --model . recording.wav

| label | phrases |
|---|---|
${phrases.join("\n")}

## On the validation split

Voices that were not trained on, at the card's own threshold. "Missed" and "needless" count windows, the rest detections.
False accepts per hour are from ${describeHours(finished.validation.hours)}.

| label | threshold | missed | needless | false rejects | false accepts per hour |
|---|--:|--:|--:|--:|--:|
${figures.join("\n")}

A score is the probability of the phrase in audio in which it is being said ${formatPercent(training.costs.phraseShare)} of the time.

## Data

| source | licence |
|---|---|
${data.map(({ name, licence }) => `| ${cell(name)} | ${cell(licence)} |`).join("\n")}
`;
}

const networkOf = ({ name, members = 1 }: ArchitectureConfig): string =>
  members === 1 ? `a ${name}` : `the mean of ${members} ${name} networks`;

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
