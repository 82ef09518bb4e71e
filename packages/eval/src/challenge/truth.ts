import { readFile } from "node:fs/promises";
import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

/** One command in the clip, both ends inclusive, in samples from the clip's start. */
export interface CommandInterval {
  readonly startSample: number;
  readonly endSample: number;
  /** What was said, where it is known. */
  readonly text?: string;
}

/** Where the commands of a challenge clip lie. */
export interface ChallengeTruth {
  readonly sampleRateHz: number;
  /** Samples in one frame of the challenge's stream. */
  readonly frameLength: number;
  /** Length of the clip. */
  readonly numSamples: number;
  /** In the order of time, none overlapping, at least one. */
  readonly commands: readonly CommandInterval[];
}

const sampleIndex = z.int().min(0);
const schema = z.strictObject({
  sampleRateHz: z.literal(16_000),
  frameLength: z.int().min(1).max(16_000),
  numSamples: z.int().min(1),
  commands: z
    .array(
      z.strictObject({
        startSample: sampleIndex,
        endSample: sampleIndex,
        text: z.string().max(1000).exactOptional(),
      }),
    )
    .min(1, "expected at least one command: the score weighs mistakes by the share of commands in the clip")
    .max(100_000),
});

/**
 * Checks the content of a truth file (JSON text or the parsed value) and puts its commands in order of time. `name`
 * begins every message. @throws CallsignError `TRUTH_INVALID` naming the field or the command by its index
 */
export function parseChallengeTruth(json: unknown, { name }: { readonly name: string }): ChallengeTruth {
  const value = typeof json === "string" ? parseJson(json, name) : json;
  const truth = parseStrict(schema, value, { name, code: "TRUTH_INVALID" });
  const indexed = truth.commands.map((command, index) => ({ command, index }));
  for (const { command, index } of indexed) {
    const problem = findProblem(command, truth.numSamples);
    if (problem !== undefined) throw refusal(name, index, problem);
  }
  indexed.sort((a, b) => a.command.startSample - b.command.startSample);
  for (const [i, { command, index }] of indexed.entries()) {
    const previous = indexed[i - 1];
    if (previous !== undefined && command.startSample <= previous.command.endSample)
      throw refusal(
        name,
        index,
        `${spanOf(command)} overlaps commands[${previous.index}], ${spanOf(previous.command)} (both ends inclusive)`,
      );
  }
  return { ...truth, commands: indexed.map(({ command }) => command) };
}

/**
 * Refuses a truth that was made for another clip. @throws CallsignError `TRUTH_INVALID`, naming the first command
 * beyond the clip's end where there is one
 */
export function checkTruthFits(
  truth: ChallengeTruth,
  { name, clipLength }: { readonly name: string; readonly clipLength: number },
): void {
  if (truth.numSamples === clipLength) return;
  const beyond = truth.commands.findIndex(({ endSample }) => endSample >= clipLength);
  const detail =
    beyond < 0 ? "" : `; commands[${beyond}], ${spanOf(truth.commands[beyond]!)}, ends beyond it`;
  throw new CallsignError(
    "TRUTH_INVALID",
    `${name}: numSamples is ${truth.numSamples}, but the clip has ${clipLength} samples at 16 kHz${detail}; ` +
      "check that truth and clip belong together",
  );
}

/** Reads and checks a truth file. @throws CallsignError `FILE_NOT_FOUND`, `TRUTH_INVALID` */
export async function readChallengeTruth(path: string): Promise<ChallengeTruth> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: could not read the truth file: ${reason}`, { cause });
  }
  return parseChallengeTruth(text, { name: path });
}

function findProblem(command: CommandInterval, numSamples: number): string | undefined {
  const { startSample, endSample } = command;
  if (endSample < startSample) return `reversed: it starts at ${startSample} and ends at ${endSample}`;
  if (endSample === startSample) return `empty: it starts and ends at sample ${startSample}`;
  if (endSample >= numSamples)
    return `ends at sample ${endSample}, beyond the clip's last sample ${numSamples - 1} (numSamples is ${numSamples})`;
  return undefined;
}

const spanOf = ({ startSample, endSample }: CommandInterval): string => `samples ${startSample}-${endSample}`;

const refusal = (name: string, index: number, problem: string): CallsignError =>
  new CallsignError("TRUTH_INVALID", `${name}: commands[${index}]: ${problem}`);

function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("TRUTH_INVALID", `${name}: not JSON: ${reason}`, { cause });
  }
}
