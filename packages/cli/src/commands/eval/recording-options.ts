import type { KeywordRecordings, OpenConditions, Recording } from "@callsign/eval/internal";
import { CallsignError, closestName } from "@callsign/audio/internal";
import type { Detector } from "@callsign/infer/internal";
import { type Command, InvalidArgumentError } from "commander";
import type { CliContext } from "../../context.ts";
import { parseNumber, parsePositive } from "../../flags/numbers.ts";

/** Flags of evaluations on recordings of one or several words. */
export interface RecordingFlags {
  readonly positives: readonly string[];
  readonly negatives: readonly string[];
  readonly cross?: boolean;
  readonly exclude?: readonly string[];
  readonly speakerPattern?: RegExp;
  readonly label?: string;
  readonly noise?: string;
  readonly snr?: readonly number[];
  readonly room?: string;
  readonly cache?: string;
  readonly seed: string;
  readonly at: number;
}

/** Declares the flags that `openRecordings` reads. */
export function addRecordingOptions(command: Command): Command {
  return command
    .requiredOption(
      "--positives <dir...>",
      "recordings of the word, one utterance per file; with several labels, LABEL=DIR for each",
    )
    .requiredOption(
      "--negatives <dir...>",
      "recordings without the words; false accepts are per hour of these",
    )
    .option("--cross", "use recordings of each label's word as negatives of the other labels as well")
    .option(
      "--exclude <regex...>",
      "leave out negatives whose folder or file name matches, ignoring case; LABEL=REGEX applies to one label",
    )
    .option("--label <label>", "label of the word, if --positives names none and the model has several")
    .option("--noise <dir>", "noise recordings; a stretch is drawn for each recording")
    .option(
      "--snr <db...>",
      "signal-to-noise ratios over the speech, in dB; one is drawn for each recording (default: 10)",
      collectSnr,
    )
    .option("--room <dir>", "room impulse responses; one is drawn for each recording")
    .option(
      "--speaker-pattern <regex>",
      "pattern of the file names with the group (?<speaker>...)",
      parsePattern,
    )
    .option("--at <rate>", "false accepts per hour at which misses are reported", parsePositive, 0.5)
    .option(
      "--cache <dir>",
      "folder that keeps the features of the recordings, so that other heads on the same embedding are scored faster (default: $CALLSIGN_CACHE)",
    )
    .option("--seed <seed>", "random seed of noise, rooms and room tone", "0");
}

/** Recordings and conditions given by the flags. */
export interface OpenRecordings extends KeywordRecordings {
  readonly conditions: OpenConditions;
  readonly cacheDir?: string;
}

/** Key of the recordings of the word if `--positives` names no label. */
export const ONLY_LABEL = "";

/** Finds the recordings, noise and rooms. @throws CallsignError `FILE_NOT_FOUND`, `CORPUS_EMPTY`, `INVALID_ARGUMENT` */
export async function openRecordings(context: CliContext, flags: RecordingFlags): Promise<OpenRecordings> {
  const { findRecordings, openConditions } = await import("@callsign/eval/internal");
  const { signal, env } = context;
  const { seed, speakerPattern, negatives, noise, snr, room } = flags;
  if (snr !== undefined && noise === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "--snr: there is no noise to mix; give --noise <dir> as well",
    );
  const folders = wordFolders(flags);
  const exclude = excludePatterns(flags, [...folders.keys()]);
  const among = [...folders.values(), negatives].flat();
  const naming = { among, ...(speakerPattern && { speakerPattern }) };
  const general = exclude.get(ONLY_LABEL);
  const words = new Map<string, readonly Recording[]>();
  for (const [label, found] of folders) words.set(label, await findRecordings(found, naming));
  const cacheDir = flags.cache ?? (env.CALLSIGN_CACHE || undefined);
  return {
    words,
    negatives: await findRecordings(negatives, { ...naming, ...(general && { exclude: general }) }),
    isCrossed: flags.cross ?? false,
    exclude,
    conditions: await openConditions({
      seed,
      signal,
      ...(noise !== undefined && { noise }),
      ...(snr !== undefined && { snrDb: snr }),
      ...(room !== undefined && { rooms: room }),
    }),
    ...(cacheDir !== undefined && { cacheDir }),
  };
}

/** Folders of `--positives` by label; under `ONLY_LABEL` if they name none. */
function wordFolders({ positives, label }: RecordingFlags): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const text of positives) {
    const { label: own = ONLY_LABEL, rest } = splitLabel(text);
    folders.set(own, [...(folders.get(own) ?? []), rest]);
  }
  if (folders.has(ONLY_LABEL) && folders.size > 1)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `--positives: expected LABEL=DIR for every folder once one has a label, got ${folders.get(ONLY_LABEL)![0]}`,
    );
  if (label !== undefined && !folders.has(ONLY_LABEL))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "--label: expected only with --positives DIR, got --positives LABEL=DIR, which names the labels; remove --label",
    );
  return folders;
}

/** Splits LABEL=TEXT at an equals sign before any slash. */
function splitLabel(text: string): { readonly label?: string; readonly rest: string } {
  const [, label, rest] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [];
  return label === undefined ? { rest: text } : { label, rest: rest! };
}

/** Patterns of `--exclude` by label, those for all labels under `ONLY_LABEL`. */
function excludePatterns(
  { exclude = [] }: RecordingFlags,
  labels: readonly string[],
): ReadonlyMap<string, RegExp> {
  const sources = new Map<string, string[]>();
  for (const text of exclude) {
    const { label, rest } = splitLabel(text);
    const own = label !== undefined && labels.includes(label) ? label : ONLY_LABEL;
    const source = own === ONLY_LABEL ? text : rest;
    sources.set(own, [...(sources.get(own) ?? []), source]);
  }
  return new Map(
    [...sources].map(([label, list]) => [label, pattern(list.map((one) => `(?:${one})`).join("|"))]),
  );
}

function pattern(source: string): RegExp {
  try {
    return new RegExp(source, "i");
  } catch (cause) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `--exclude: expected a regular expression: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Labels of a model by the keys of the recordings. With `takesAnyName`, a model with one label is evaluated on
 * recordings of one label of any name, since heads without a card are named after their file.
 * @throws CallsignError as `labelOf`
 */
export async function labelsOf(
  detector: Detector,
  recordings: OpenRecordings,
  { label, takesAnyName = false }: { readonly label?: string | undefined; readonly takesAnyName?: boolean },
): Promise<ReadonlyMap<string, string>> {
  const { commandLabels } = await import("@callsign/infer/internal");
  const own = commandLabels(detector.card);
  const keys = [...recordings.words.keys()];
  if (takesAnyName && own.length === 1 && keys.length === 1) return new Map([[keys[0]!, own[0]!]]);
  const labels = new Map<string, string>();
  for (const key of keys) labels.set(key, await labelOf(detector, key === ONLY_LABEL ? label : key));
  return labels;
}

/** Label to evaluate. @throws CallsignError `INVALID_ARGUMENT` if the model lacks the label, or has several and none is given */
export async function labelOf({ card }: Detector, label: string | undefined): Promise<string> {
  const { commandLabels } = await import("@callsign/infer/internal");
  const labels = commandLabels(card);
  const [only, ...others] = labels;
  const known = labels.map((name) => JSON.stringify(name)).join(", ");
  if (label === undefined) {
    if (others.length === 0) return only!;
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `--label: ${card.name} has several labels; expected one of ${known}`,
    );
  }
  if (labels.includes(label)) return label;
  const near = closestName(label, labels);
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `--label: ${card.name}: expected one of ${known}, got ${JSON.stringify(label)}${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`}`,
  );
}

/** The flags as arguments of a command line. */
export function recordingArguments(flags: RecordingFlags): string[] {
  const optional = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [name, quoted(String(value))];
  return [
    "--positives",
    ...flags.positives.map(quoted),
    "--negatives",
    ...flags.negatives.map(quoted),
    ...(flags.cross ? ["--cross"] : []),
    ...(flags.exclude === undefined ? [] : ["--exclude", ...flags.exclude.map(quoted)]),
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

/** Reads a regular expression that ignores case. */
function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression: ${(error as Error).message}.`);
  }
}

function collectSnr(text: string, before: readonly number[] | undefined): number[] {
  const snrDb = parseNumber(text);
  if (Math.abs(snrDb) > 100)
    throw new InvalidArgumentError(`Expected decibels from -100 to 100, got "${text}".`);
  return [...(before ?? []), snrDb];
}
