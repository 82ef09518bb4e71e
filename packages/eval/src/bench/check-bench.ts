import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";
import type { BenchRatios, BenchResult } from "./bench-detector.ts";

/** What a model's costs are compared with: its ratios on one processor or several, which differ by a third and more. */
export interface BenchBaseline {
  readonly model: string;
  readonly machines: readonly BaselineMachine[];
}

interface BaselineMachine {
  readonly cpu: string;
  readonly ratios: BenchRatios;
}

/** How much less of its lead over another way a model may have than in the baseline. */
const TOLERANCE = 0.15;
/** The same on a processor that the baseline does not have, against the lowest it has. */
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

/** Reads a baseline file's text. @throws CallsignError `CONFIG_INVALID` */
export function parseBaseline(text: string, { name }: { readonly name: string }): BenchBaseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CallsignError("CONFIG_INVALID", `${name}: not JSON: ${String(cause)}`, { cause });
  }
  return parseStrict(schema, value, { name, code: "CONFIG_INVALID" });
}

/** A measurement as a baseline for later ones, ratios to a hundredth; other processors of an earlier one are kept. */
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

/** Whether a baseline was measured on this processor, too. */
export const knowsProcessor = (baseline: BenchBaseline, cpu: string): boolean =>
  baseline.machines.some((machine) => machine.cpu === cpu);

/**
 * One line for each ratio that is more than 15 % worse than the baseline's for this processor; where it has none, more
 * than 40 % worse than the lowest of any. None where all is well.
 */
export function findRegressions(
  { ratios, machine }: Pick<BenchResult, "ratios" | "machine">,
  baseline: BenchBaseline,
): string[] {
  const known = knowsProcessor(baseline, machine.cpu);
  const machines = baseline.machines.filter(({ cpu }) => !known || cpu === machine.cpu);
  const tolerance = known ? TOLERANCE : OTHER_PROCESSOR_TOLERANCE;
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
