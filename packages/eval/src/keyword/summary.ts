import { formatPercent } from "../report/format-percent.ts";
import type { KeywordReport, LabelReport } from "./report.ts";
import type { MeanPoint } from "./mean-figures.ts";

/**
 * Summary of a report in Markdown, for the page of a CI job: one table with a row for each label and their mean, then the
 * figures that are worse than a baseline allows, as `findKeywordRegressions` describes them.
 */
export function summarizeKeywordReport(
  { model, labels, mean, conditions }: KeywordReport,
  { worse = [] }: { readonly worse?: readonly string[] } = {},
): string {
  const rates = labels[0]!.operatingPoints.map(({ falseAcceptsPerHour }) => falseAcceptsPerHour);
  const heads = [
    "label",
    "recordings",
    "hours without",
    ...rates.map((rate) => `missed at ${rate} per hour`),
    "missed at the card's threshold",
    "false accepts per hour there",
    "detected twice there",
  ];
  const rows = labels.map((label) => [
    escape(label.label),
    String(label.positives),
    label.negativeHours.toFixed(2),
    ...label.operatingPoints.map(missed),
    formatPercent(label.shipped.falseRejectRate),
    falseAccepts(label),
    `${label.shipped.detectedTwice.twice} of ${label.shipped.detectedTwice.hits}`,
  ]);
  if (mean !== null)
    rows.push([
      "mean",
      "",
      "",
      ...mean.operatingPoints.map(missed),
      formatPercent(mean.shipped.falseRejectRate),
      mean.shipped.falseAcceptsPerHour.toFixed(2),
      "",
    ]);
  const noise = conditions.snrDb.length === 0 ? "as recorded" : `noise at ${conditions.snrDb.join(", ")} dB`;
  const lines = [
    `### ${escape(model.name)}, ${noise}${conditions.rooms > 0 ? `, ${conditions.rooms} rooms` : ""}`,
    "",
    rowOf(heads),
    rowOf(heads.map((_, i) => (i === 0 ? "---" : "---:"))),
    ...rows.map(rowOf),
    "",
    "95 % intervals over speakers or files; \\* marks rates for which the hours are too few.",
    ...(worse.length > 0
      ? ["", "**Worse than the baseline:**", "", ...worse.map((one) => `- ${escape(one)}`)]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}

const missed = (point: MeanPoint): string => {
  const { low, high } = point.resampledInterval;
  return `${formatPercent(point.falseRejectRate)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})${point.isMeasurable ? "" : " \\*"}`;
};

const falseAccepts = ({ shipped }: LabelReport): string =>
  `${shipped.falseAcceptsPerHour.toFixed(2)} (at most ${shipped.falseAcceptsInterval.high.toFixed(2)})`;

const rowOf = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const escape = (text: string): string => text.replaceAll(/[\\|*_`<]/g, (character) => `\\${character}`);
