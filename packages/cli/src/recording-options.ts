import type { Conditions, Recording } from "@callsign/eval";
import { CallsignError, closestName, commandLabels, type Detector } from "@callsign/infer";
import { type Command, InvalidArgumentError } from "commander";
import type { CliContext } from "./context.ts";
import { parseNumber } from "./parse-number.ts";

/** The flags of every evaluation on recordings of a word. */
export interface RecordingFlags {
  readonly positives: string;
  readonly negatives: readonly string[];
  readonly exclude?: RegExp;
  readonly speakerPattern?: RegExp;
  readonly label?: string;
  readonly noise?: string;
  readonly snr?: readonly number[];
  readonly room?: string;
  readonly seed: string;
  readonly at: number;
}

/** Declares the flags that `openRecordings` reads. */
export function addRecordingOptions(command: Command): Command {
  return command
    .requiredOption("--positives <dir>", "recordings of the word, one utterance a file")
    .requiredOption("--negatives <dir...>", "recordings without the word; rates are per hour of these")
    .option("--exclude <regex>", "leave out negatives whose folder or file name matches this", parsePattern)
    .option("--label <label>", "label of the word; required if the model has several")
    .option("--noise <dir>", "noise recordings; one is drawn for each recording")
    .option(
      "--snr <db...>",
      "signal-to-noise ratio in dB; of several, each recording draws one (default: 10)",
      collectSnr,
    )
    .option("--room <dir>", "room impulse responses; one is drawn for each recording")
    .option(
      "--speaker-pattern <regex>",
      "finds the speaker in a file's name, with a group (?<speaker>...)",
      parsePattern,
    )
    .option("--at <rate>", "false accepts per hour at which misses are reported", parseRate, 0.5)
    .option("--seed <seed>", "random seed for noise, rooms and room tone", "0");
}

/** What the flags name, found and read. */
export interface OpenRecordings {
  readonly positives: readonly Recording[];
  readonly negatives: readonly Recording[];
  readonly conditions: Conditions;
}

/** Finds the recordings and reads noise and rooms. @throws CallsignError `FILE_NOT_FOUND`, `CORPUS_EMPTY` */
export async function openRecordings(context: CliContext, flags: RecordingFlags): Promise<OpenRecordings> {
  const { findRecordings, readNoises, readRooms } = await import("@callsign/eval");
  const { signal } = context;
  const { seed, exclude, speakerPattern } = flags;
  const naming = speakerPattern === undefined ? {} : { speakerPattern };
  if (flags.snr !== undefined && flags.noise === undefined)
    throw new CallsignError("INVALID_ARGUMENT", "--snr: there is no noise to mix; give --noise <dir> too");
  return {
    positives: await findRecordings([flags.positives], naming),
    negatives: await findRecordings(flags.negatives, { ...naming, ...(exclude && { exclude }) }),
    conditions: {
      seed,
      ...(flags.noise !== undefined && { noises: await readNoises(flags.noise, { seed, signal }) }),
      ...(flags.snr !== undefined && { snrDb: flags.snr }),
      ...(flags.room !== undefined && { rooms: await readRooms(flags.room, { signal }) }),
    },
  };
}

/** The label under evaluation. @throws CallsignError `INVALID_ARGUMENT` where it is not one of the model's, or has to be said */
export function labelOf({ card }: Detector, label: string | undefined): string {
  const labels = commandLabels(card);
  const [only, ...others] = labels;
  const known = labels.map((name) => JSON.stringify(name)).join(", ");
  if (label === undefined) {
    if (others.length === 0) return only!;
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `--label: ${card.name} has several labels, say which: ${known}`,
    );
  }
  if (labels.includes(label)) return label;
  const near = closestName(label, labels);
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `--label: ${card.name} knows ${known}, not ${JSON.stringify(label)}${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`}`,
  );
}

/** The command line that gives the same figures again. */
export function recordingArguments(flags: RecordingFlags): string[] {
  const optional = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [name, quoted(String(value))];
  return [
    "--positives",
    quoted(flags.positives),
    "--negatives",
    ...flags.negatives.map(quoted),
    ...optional("--exclude", flags.exclude?.source),
    ...optional("--label", flags.label),
    ...optional("--noise", flags.noise),
    ...(flags.snr === undefined ? [] : ["--snr", ...flags.snr.map(String)]),
    ...optional("--room", flags.room),
    ...optional("--speaker-pattern", flags.speakerPattern?.source),
    "--at",
    String(flags.at),
    "--seed",
    quoted(flags.seed),
  ];
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** Reads a flag's regular expression; capital letters or not is all the same. */
function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression: ${(error as Error).message}.`);
  }
}

function parseRate(text: string): number {
  const rate = parseNumber(text);
  if (rate > 0) return rate;
  throw new InvalidArgumentError(`Expected a rate above 0, got "${text}".`);
}

function collectSnr(text: string, before: readonly number[] | undefined): number[] {
  const snrDb = parseNumber(text);
  if (Math.abs(snrDb) > 100)
    throw new InvalidArgumentError(`Expected decibels from -100 to 100, got "${text}".`);
  return [...(before ?? []), snrDb];
}
