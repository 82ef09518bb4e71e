import { readFile } from "node:fs/promises";

import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

const sampleIndex = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

// Not strict: truth files of others have fields of their own, such as the challenge's frame length.
const truthSchema = z.object({
  sampleRateHz: z.int().min(1).max(1_000_000),
  numSamples: sampleIndex.exactOptional(),
  commands: z
    .array(
      z.object({
        startSample: sampleIndex,
        endSample: sampleIndex,
        text: z.string().max(10_000).exactOptional(),
        label: z.string().min(1).max(200).exactOptional(),
      }),
    )
    .max(100_000),
});

/** Labelled intervals of one long recording, in order of time, none overlapping. */
export type Truth = z.output<typeof truthSchema>;

/** Fields that every truth file has. Intervals are `[startSample, endSample]`, both inclusive, counted at `sampleRateHz`. */
export interface TruthFields {
  readonly numSamples?: number;
  readonly commands: readonly { readonly startSample: number; readonly endSample: number }[];
}

/**
 * Reads a truth file: JSON `{ sampleRateHz, numSamples?, commands: [{ startSample, endSample, text?, label? }] }`, as the
 * voice-processing challenge has it. @throws CallsignError `FILE_NOT_FOUND`, `TRUTH_INVALID`
 */
export const readTruth = (path: string): Promise<Truth> => readTruthAs(truthSchema, path);

/** Reads a truth file whose fields a schema narrows. @throws CallsignError `FILE_NOT_FOUND`, `TRUTH_INVALID` */
export async function readTruthAs<Fields extends TruthFields>(
  schema: z.ZodType<Fields>,
  path: string,
): Promise<Fields> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read the truth file: ${reason}`, { cause });
  });
  return parseTruthAs(schema, text, { name: path });
}

/**
 * Checks the content of a truth file (JSON text or the parsed value) and puts its commands in order of time. `name`
 * begins every message. @throws CallsignError `TRUTH_INVALID` naming the field or the command by its index
 */
export function parseTruthAs<Fields extends TruthFields>(
  schema: z.ZodType<Fields>,
  json: unknown,
  { name }: { readonly name: string },
): Fields {
  const value = typeof json === "string" ? parseJson(json, name) : json;
  const truth = parseStrict(schema, value, { name, code: "TRUTH_INVALID" });
  const refusal = (index: number, problem: string): CallsignError =>
    new CallsignError("TRUTH_INVALID", `${name}: commands[${index}]: ${problem}`);
  const indexed = truth.commands.map((command, index) => ({ command, index }));
  for (const { command, index } of indexed) {
    const problem = findProblem(command, truth.numSamples);
    if (problem !== undefined) throw refusal(index, problem);
  }
  indexed.sort((a, b) => a.command.startSample - b.command.startSample);
  for (const [i, { command, index }] of indexed.entries()) {
    const previous = indexed[i - 1];
    if (previous !== undefined && command.startSample <= previous.command.endSample)
      throw refusal(
        index,
        `${spanOf(command)} overlaps commands[${previous.index}], ${spanOf(previous.command)} (both ends inclusive)`,
      );
  }
  return { ...truth, commands: indexed.map(({ command }) => command) };
}

type Interval = TruthFields["commands"][number];

function findProblem({ startSample, endSample }: Interval, numSamples = Infinity): string | undefined {
  if (endSample < startSample) return `reversed: it starts at ${startSample} and ends at ${endSample}`;
  if (endSample === startSample) return `empty: it starts and ends at sample ${startSample}`;
  if (endSample >= numSamples)
    return `ends at sample ${endSample}, beyond the clip's last sample ${numSamples - 1} (numSamples is ${numSamples})`;
  return undefined;
}

const spanOf = ({ startSample, endSample }: Interval): string => `samples ${startSample}-${endSample}`;

function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("TRUTH_INVALID", `${name}: not JSON: ${reason}`, { cause });
  }
}
