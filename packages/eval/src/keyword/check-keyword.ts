import { CallsignError } from "@callsign/audio/internal";
import * as z from "zod";

import { parseJsonFile } from "../parse-json-file.ts";
import { formatPercent } from "../report/format-percent.ts";
import type { KeywordReport, LabelReport } from "./report.ts";

const interval = z.strictObject({ low: z.number(), high: z.number() });
const rate = z.strictObject({ value: z.number(), interval });
const schema = z.strictObject({
  model: z.string(),
  conditions: z.strictObject({
    seed: z.union([z.string(), z.number()]),
    noises: z.number(),
    snrDb: z.array(z.number()),
    rooms: z.number(),
  }),
  atFalseAcceptsPerHour: z.number().positive(),
  labels: z
    .array(
      z.strictObject({
        label: z.string(),
        positives: z.number(),
        negativeHours: z.number(),
        /** Miss rate at `atFalseAcceptsPerHour`. */
        missed: rate,
        /** Miss rate and false accepts per hour at the threshold of the model card. */
        shippedMissed: rate,
        shippedFalseAccepts: rate,
      }),
    )
    .min(1),
});

/** Figures of an evaluation to which later ones are compared, with their 95 % intervals. */
export type KeywordBaseline = z.output<typeof schema>;

/** Reads a baseline file's text. @throws CallsignError `CONFIG_INVALID` */
export const parseKeywordBaseline = (text: string, { name }: { readonly name: string }): KeywordBaseline =>
  parseJsonFile(schema, text, { name });

/** Baseline from a report. */
export const toKeywordBaseline = (report: KeywordReport): KeywordBaseline => ({
  model: report.model.name,
  conditions: { ...report.conditions, snrDb: [...report.conditions.snrDb] },
  atFalseAcceptsPerHour: report.atFalseAcceptsPerHour,
  labels: report.labels.map((label) => ({
    label: label.label,
    positives: label.positives,
    negativeHours: label.negativeHours,
    missed: { value: missedAt(label), interval: label.resampledInterval },
    shippedMissed: { value: label.shipped.falseRejectRate, interval: label.shipped.interval },
    shippedFalseAccepts: {
      value: label.shipped.falseAcceptsPerHour,
      interval: label.shipped.falseAcceptsInterval,
    },
  })),
});

/**
 * One message for each figure that is above the 95 % interval of the baseline's. Empty if there is none.
 * @throws CallsignError `CONFIG_INVALID` if the baseline is of other recordings, conditions or labels
 */
export function findKeywordRegressions(
  report: KeywordReport,
  baseline: KeywordBaseline,
  { name }: { readonly name: string },
): string[] {
  const now = toKeywordBaseline(report);
  checkSame(now, baseline, name);
  const at = `at ${baseline.atFalseAcceptsPerHour} false accepts per hour`;
  return baseline.labels.flatMap((then, i) => {
    const { label, missed, shippedMissed, shippedFalseAccepts } = now.labels[i]!;
    const perHour = (value: number): string => `${value.toFixed(2)} per hour`;
    const figures = [
      { what: `missed ${at}`, value: missed, was: then.missed, format: formatPercent },
      {
        what: "missed at the card's threshold",
        value: shippedMissed,
        was: then.shippedMissed,
        format: formatPercent,
      },
      {
        what: "false accepts at the card's threshold",
        value: shippedFalseAccepts,
        was: then.shippedFalseAccepts,
        format: perHour,
      },
    ];
    return figures
      .filter(({ value, was }) => value.value > was.interval.high)
      .map(
        ({ what, value, was, format }) =>
          `"${label}": ${what}: was ${format(was.value)} (95 % up to ${format(was.interval.high)}) and is ${format(value.value)}`,
      );
  });
}

function checkSame(now: KeywordBaseline, then: KeywordBaseline, name: string): void {
  const identity = ({ conditions, atFalseAcceptsPerHour, labels }: KeywordBaseline): string =>
    JSON.stringify([
      { ...conditions, seed: String(conditions.seed) },
      atFalseAcceptsPerHour,
      labels.map(({ label, positives, negativeHours }) => [label, positives, negativeHours.toFixed(4)]),
    ]);
  if (identity(now) === identity(then)) return;
  throw new CallsignError(
    "CONFIG_INVALID",
    `${name}: this is a baseline of other recordings, conditions or labels: expected ${identity(now)}, got ${identity(then)}; write a new one with --write-baseline`,
  );
}

/** Miss rate at `atFalseAcceptsPerHour`. */
const missedAt = ({ positives, missed }: LabelReport): number => missed.length / positives;
