import type { Sensitivity } from "@callsign/infer/internal";
import { InvalidArgumentError } from "commander";
import { parseNumber } from "./numbers.ts";

/** Threshold for all labels, or one for each label. */
export type Threshold = NonNullable<Sensitivity["threshold"]>;

/** Reads `0.6`, or `LABEL=SCORE,LABEL=SCORE`; a repeated flag adds labels to `before`. */
export function parseThreshold(text: string, before?: Threshold): Threshold {
  if (!text.includes("=")) {
    if (typeof before === "object") throw new InvalidArgumentError(MIXED);
    return parseNumber(text);
  }
  if (typeof before === "number") throw new InvalidArgumentError(MIXED);
  const thresholds: Record<string, number> = { ...before };
  for (const part of text.split(",")) {
    const [, label, score] = /^\s*(.+)=([^=]*)$/.exec(part) ?? [];
    if (label === undefined)
      throw new InvalidArgumentError(`Expected a score, or LABEL=SCORE,LABEL=SCORE, got "${text}".`);
    thresholds[label] = parseNumber(score!);
  }
  return thresholds;
}

/** Formats a threshold as `parseThreshold` reads it. */
export const formatThreshold = (threshold: Threshold): string =>
  typeof threshold === "number"
    ? String(threshold)
    : Object.entries(threshold)
        .map(([label, score]) => `${label}=${score}`)
        .join(",");

const MIXED = "Expected one score for all labels, or LABEL=SCORE for each, not both.";
