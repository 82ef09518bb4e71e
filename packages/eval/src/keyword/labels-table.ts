import { formatPercent } from "../report/format-percent.ts";
import type { HtmlValue, SafeHtml } from "../report/html.ts";
import { section, table } from "../report/sections.ts";
import type { MeanPoint } from "./mean-figures.ts";
import type { KeywordReport } from "./report.ts";
import { between, numberColumn, rate, whole } from "./report-format.ts";

/** Section with all labels and their mean; false if there is only one label. */
export function labelsTable({ labels, mean, atFalseAcceptsPerHour }: KeywordReport): SafeHtml | false {
  if (mean === null) return false;
  const rates = mean.operatingPoints.map(({ falseAcceptsPerHour }) => falseAcceptsPerHour);
  const missed = (point: MeanPoint): string =>
    `${formatPercent(point.falseRejectRate)} (${between(point.resampledInterval, formatPercent)})${point.isMeasurable ? "" : " *"}`;
  return section(
    {
      id: "labels",
      heading: "Labels",
      lead: `Misses at each rate of false accepts per hour, every label at its own threshold, with 95 % intervals over speakers or files. The details below are at ${atFalseAcceptsPerHour} per hour.`,
    },
    table({
      caption: "Misses by label; * marks rates for which the hours are too few",
      columns: [
        { heading: "label" },
        ...["recordings", "hours without", ...rates.map((rate) => `${rate} per hour`)].map(numberColumn),
        ...["at the card's threshold", "false accepts per hour there"].map(numberColumn),
      ],
      rows: [
        ...labels.map((label): HtmlValue[] => [
          label.label,
          whole(label.positives),
          label.negativeHours.toFixed(1),
          ...label.operatingPoints.map(missed),
          formatPercent(label.shipped.falseRejectRate),
          rate(label.shipped.falseAcceptsPerHour),
        ]),
        [
          "mean",
          "",
          "",
          ...mean.operatingPoints.map(missed),
          formatPercent(mean.shipped.falseRejectRate),
          rate(mean.shipped.falseAcceptsPerHour),
        ],
      ],
    }),
  );
}
