import * as z from "zod";

import { parseJsonFile } from "../parse-json-file.ts";
import type { BenchRatios, BenchResult } from "./bench-detector.ts";

/** Baseline of a model: its cost ratios on one or more processors, which differ by a third or more. */
export interface BenchBaseline {
  readonly model: string;
  readonly machines: readonly BaselineMachine[];
}

interface BaselineMachine {
  readonly cpu: string;
  readonly ratios: BenchRatios;
}

/** Largest allowed decrease of a ratio relative to the baseline for this processor. */
const TOLERANCE = 0.15;
/** Largest allowed decrease on a processor not in the baseline, relative to the lowest ratio of any. */
const OTHER_PROCESSOR_TOLERANCE = 0.4;

const ratio = z.number().positive();
const schema = z.strictObject({
  model: z.string().min(1),
  machines: z
    .array(
      z.strictObject({
        cpu: z.string(),
        ratios: z.strictObject({ openWakeWordWay: ratio, livekitWay: ratio, publishedWay: ratio }),
      }),
    )
    .min(1),
});

/** The better of two measurements for each ratio: other load only makes a ratio worse. */
export const bestRatios = (a: BenchRatios, b: BenchRatios): BenchRatios => ({
  openWakeWordWay: Math.max(a.openWakeWordWay, b.openWakeWordWay),
  livekitWay: Math.max(a.livekitWay, b.livekitWay),
  publishedWay: Math.max(a.publishedWay, b.publishedWay),
});

/** Reads a baseline file's text. @throws CallsignError `CONFIG_INVALID` */
export const parseBaseline = (text: string, { name }: { readonly name: string }): BenchBaseline =>
  parseJsonFile(schema, text, { name });

/** Baseline from a measurement, ratios rounded to 0.01; other processors of an earlier baseline are kept. */
export function toBaseline({ model, machine, ratios }: BenchResult, earlier?: BenchBaseline): BenchBaseline {
  const rounded = (value: number): number => Math.round(value * 100) / 100;
  const others = earlier?.model === model ? earlier.machines.filter(({ cpu }) => cpu !== machine.cpu) : [];
  const own = {
    cpu: machine.cpu,
    ratios: {
      openWakeWordWay: rounded(ratios.openWakeWordWay),
      livekitWay: rounded(ratios.livekitWay),
      publishedWay: rounded(ratios.publishedWay),
    },
  };
  return { model, machines: [...others, own] };
}

/** Whether a baseline contains this processor. */
export const knowsProcessor = (baseline: BenchBaseline, cpu: string): boolean =>
  baseline.machines.some((machine) => machine.cpu === cpu);

export interface FindRegressionsOptions {
  /** Largest allowed decrease of a ratio, 0 to 1. Default 0.15, or 0.4 on a processor not in the baseline. */
  readonly tolerance?: number | undefined;
}

/**
 * One message for each ratio more than `tolerance` worse than the baseline for this processor or, on a processor not in the
 * baseline, than the lowest of any. Empty if there is no regression.
 */
export function findRegressions(
  { ratios, machine }: Pick<BenchResult, "ratios" | "machine">,
  baseline: BenchBaseline,
  options: FindRegressionsOptions = {},
): string[] {
  const known = knowsProcessor(baseline, machine.cpu);
  const machines = baseline.machines.filter(({ cpu }) => !known || cpu === machine.cpu);
  const tolerance = options.tolerance ?? (known ? TOLERANCE : OTHER_PROCESSOR_TOLERANCE);
  return (Object.keys(ratios) as (keyof BenchRatios)[]).flatMap((way) => {
    const now = ratios[way];
    const then = Math.min(...machines.map((one) => one.ratios[way]));
    if (now >= then * (1 - tolerance)) return [];
    const worse = ((1 - now / then) * 100).toFixed(0);
    return [
      `${way}: a step was ${then.toFixed(2)} times cheaper and is ${now.toFixed(2)} times cheaper, ${worse} % worse`,
    ];
  });
}
