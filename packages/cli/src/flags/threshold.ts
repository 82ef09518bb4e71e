import type { Sensitivity } from "@callsign/infer/internal";
import { InvalidArgumentError } from "commander";
import { parseNumber } from "./numbers.ts";

/** One score for all labels, or a score for each. */
export type Threshold = NonNullable<Sensitivity["threshold"]>;

/** Reads `0.6`, or `LABEL=SCORE` with commas between; the flag may be given again for other labels. */
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

/** As `parseThreshold` reads it. */
export const formatThreshold = (threshold: Threshold): string =>
  typeof threshold === "number"
    ? String(threshold)
    : Object.entries(threshold)
        .map(([label, score]) => `${label}=${score}`)
        .join(",");

const MIXED = "Expected one score for all labels, or LABEL=SCORE for each, not both.";
