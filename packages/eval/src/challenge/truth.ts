import { CallsignError } from "@callsign/audio/internal";
import { parseTruthAs, readTruthAs } from "@callsign/data/internal";
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

/** Checks the content of a truth file. @throws CallsignError `TRUTH_INVALID` naming the field or the command by its index */
export const parseChallengeTruth = (json: unknown, options: { readonly name: string }): ChallengeTruth =>
  parseTruthAs(schema, json, options);

/** Reads and checks a truth file. @throws CallsignError `FILE_NOT_FOUND`, `TRUTH_INVALID` */
export const readChallengeTruth = (path: string): Promise<ChallengeTruth> => readTruthAs(schema, path);

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

const spanOf = ({ startSample, endSample }: CommandInterval): string => `samples ${startSample}-${endSample}`;
