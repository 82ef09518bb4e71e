import { CallsignError, parseStrict } from "@callsign/infer";
import * as z from "zod";
import type { BenchRatios, BenchResult } from "./bench-detector.ts";

/** What a model's costs are compared with. */
export interface BenchBaseline {
  readonly model: string;
  /** What it was measured on, to read. */
  readonly machine: string;
  readonly ratios: BenchRatios;
}

/** How much less of its lead over another way a model may have than in the baseline. */
const TOLERANCE = 0.15;

const ratio = z.number().positive();
const schema = z.strictObject({
  model: z.string().min(1),
  machine: z.string(),
  ratios: z.strictObject({ openWakeWordWay: ratio, livekitWay: ratio, publishedWay: ratio }),
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

/** A measurement as a baseline for later ones: ratios to a hundredth. */
export function toBaseline({ model, machine, ratios }: BenchResult): BenchBaseline {
  const rounded = (value: number): number => Math.round(value * 100) / 100;
  return {
    model,
    machine: `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`,
    ratios: {
      openWakeWordWay: rounded(ratios.openWakeWordWay),
      livekitWay: rounded(ratios.livekitWay),
      publishedWay: rounded(ratios.publishedWay),
    },
  };
}

/** One line for each ratio that is more than 15 % worse than the baseline's; none where all is well. */
export function findRegressions(
  { ratios }: Pick<BenchResult, "ratios">,
  baseline: Pick<BenchBaseline, "ratios">,
): string[] {
  return (Object.keys(baseline.ratios) as (keyof BenchRatios)[]).flatMap((way) => {
    const [now, then] = [ratios[way], baseline.ratios[way]];
    if (now >= then * (1 - TOLERANCE)) return [];
    const worse = ((1 - now / then) * 100).toFixed(0);
    return [
      `${way}: a step was ${then.toFixed(2)} times cheaper and is ${now.toFixed(2)} times cheaper, ${worse} % worse`,
    ];
  });
}
