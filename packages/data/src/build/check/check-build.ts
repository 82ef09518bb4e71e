import { readdir, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { readAudioChunks } from "@callsign/audio/node/internal";

import { type AudioFile, findAudioFiles } from "../../sources/files/find-audio-files.ts";
import { findClipFiles } from "../../sources/folder.ts";
import { spokenText, unspeakableParts } from "../../text/spoken-text.ts";
import { type BuildContext, type BuildStage, throwIfStopped } from "../build-context.ts";
import { checkBuildFolder } from "../../store/build-folder.ts";
import { checkCorpusLabels } from "./corpus-labels.ts";
import { SPLITS, voiceShares } from "../../split.ts";
import type { WeightedEngine } from "../../voices/draw-utterance.ts";
import { enginesOf, noVoice } from "../../voices/voice-pool.ts";
import { type CorpusSet, corpusSets, featureSets, findCorpus, locateSource } from "../stages/corpus-sets.ts";
import { checkFeatureSet } from "../stages/feature-files.ts";
import { locateEmbedding, openEngines } from "../locate-models.ts";
import { planBuild } from "../plan-build.ts";
import { expectedSets } from "../stages/texts.ts";
import type { SpokenSet } from "../stages/draw-texts.ts";

/**
 * Finds everything that would stop a build: phrases that cannot be spoken, engines, corpora with their formats and labels, the
 * embedding, the folder and its disk. Empty if the build can begin.
 */
export async function findBuildProblems(
  context: BuildContext,
  {
    until = "features",
  }: {
    /** Last stage that is going to run. */
    readonly until?: BuildStage;
  } = {},
): Promise<CallsignError[]> {
  const problems: CallsignError[] = [];
  const attempt = async (check: () => unknown): Promise<boolean> => {
    try {
      await check();
      return true;
    } catch (error) {
      throwIfStopped(context, "check");
      if (!(error instanceof CallsignError)) throw error;
      problems.push(error);
      return false;
    }
  };
  await attempt(() => checkBuildFolder(context.out));
  problems.push(...unspeakable(context));
  if (until === "texts") return problems;
  await checkEngines(context, attempt);
  if (until === "synthesize") return problems;
  const sets: CorpusSet[] = [];
  await attempt(() => sets.push(...corpusSets(context)));
  let found = true;
  for (const set of sets) {
    // A missing folder cannot be checked further.
    if (!(await attempt(() => findCorpus(context, set)))) found = false;
    else if (!(await attempt(() => checkRecordings(context, set)))) found = false;
    else await attempt(() => checkCorpusLabels(context, set));
  }
  if (until === "features")
    await attempt(async () => {
      const { sha256 } = await locateEmbedding(context);
      for (const set of featureSets(context))
        if (!(await attempt(() => checkFeatureSet(context, { set, embeddingSha256: sha256 })))) found = false;
    });
  if (found) await attempt(() => checkDisk(context));
  return problems;
}

/** Throws all problems as one error. @throws CallsignError with the code of the first */
export function throwProblems(problems: readonly CallsignError[]): void {
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1) throw first;
  const lines = problems.map(({ message }, i) => `\n  ${i + 1}. ${message.replaceAll("\n", "\n     ")}`);
  throw new CallsignError(
    first.code,
    `${problems.length} problems, found before anything was made:${lines.join("")}`,
    { cause: new AggregateError(problems) },
  );
}

function unspeakable({ config: { labels, data } }: BuildContext): CallsignError[] {
  const spoken = expectedSets({ labels, data }).length > 0;
  const texts = [
    ...(spoken ? labels.flatMap(({ phrases }) => phrases.map((text) => ({ text, where: "labels" }))) : []),
    ...data.negatives.own.map((text) => ({ text, where: "data.negatives.own" })),
  ];
  return texts.flatMap(({ text, where }) => {
    const parts = unspeakableParts(text);
    if (parts.length === 0) return [];
    const named = parts.map((part) => JSON.stringify(part)).join(", ");
    return [
      new CallsignError(
        "CONFIG_INVALID",
        `${where}: ${JSON.stringify(text)} cannot be spoken: expected words in Latin letters, numbers and common symbols, got ${named}; write it as it is said, in English spelling`,
      ),
    ];
  });
}

/** Opens engines only if clips are missing, since a finished build needs none. */
async function checkEngines(
  context: BuildContext,
  attempt: (check: () => unknown) => Promise<boolean>,
): Promise<void> {
  const { seed, data } = context.config;
  const sets = expectedSets(context.config);
  if (await isSpoken(context, sets)) return;
  const engines: WeightedEngine[] = [];
  let isComplete = true;
  for (const config of data.engines)
    isComplete =
      (await attempt(async () => {
        const opened = await openEngines(context, [config]);
        engines.push(...opened);
        await Promise.all(opened.map(({ engine }) => engine.dispose()));
      })) && isComplete;
  if (!isComplete || sets.length === 0) return;
  for (const split of SPLITS) {
    const pool = { split, seed, shares: voiceShares(data.splits) };
    if (data.splits[split] > 0 && enginesOf(engines, pool).length === 0)
      await attempt(() => {
        throw noVoice(pool, engines);
      });
  }
}

/** Whether as many clips as are wanted lie in the build; whether they are the right ones its journal will tell. */
async function isSpoken({ out }: BuildContext, sets: readonly SpokenSet[]): Promise<boolean> {
  for (const { id, count } of sets) {
    const clips = await readdir(join(out, "clips", id)).catch(() => []);
    if (clips.length < count) return false;
  }
  return true;
}

/** Files that are read before a build begins, spread over the corpus, and how much of each. */
const FILES_TRIED = 5;
const SECONDS_TRIED = 10;

/** Reads the beginnings of a few recordings. @throws CallsignError the first one's error where none can be read */
async function checkRecordings(context: BuildContext, { id, source: given }: CorpusSet): Promise<void> {
  const source = locateSource(context, given);
  const files: readonly AudioFile[] =
    source.kind === "folder"
      ? await findClipFiles(source)
      : source.kind === "clip"
        ? [{ path: source.path, relativePath: source.path }]
        : source.kind === "common-voice"
          ? []
          : await findAudioFiles(source.path);
  const step = Math.max(1, Math.ceil(files.length / FILES_TRIED));
  const tried = files.filter((_, i) => i % step === 0);
  const errors: CallsignError[] = [];
  for (const { path } of tried) {
    try {
      await readBeginning(path, context);
      return;
    } catch (error) {
      if (!(error instanceof CallsignError) || !error.code.startsWith("AUDIO_")) throw error;
      errors.push(error);
    }
  }
  const [first] = errors;
  if (first === undefined) return;
  throw new CallsignError(
    first.code,
    `data: ${id} (${source.path ?? source.kind}): ${errors.length} of ${files.length} recordings were tried and none can be read: ${first.message}`,
    { cause: first },
  );
}

async function readBeginning(path: string, { signal }: BuildContext): Promise<void> {
  let seconds = 0;
  for await (const chunk of readAudioChunks(path, { ...(signal && { signal }) })) {
    seconds += chunk.length / 16_000;
    if (seconds >= SECONDS_TRIED) return;
  }
}

/** @throws CallsignError `FILE_WRITE_FAILED` where the build would fill the disk */
async function checkDisk(context: BuildContext): Promise<void> {
  const { out, config } = context;
  const plan = await planBuild(context, expectedSets(config));
  const needed = plan.clipBytes + plan.shardBytes;
  const folder = await existingFolder(resolve(out));
  const disk = await statfs(folder).catch(() => undefined);
  if (disk === undefined) return;
  const free = disk.bavail * disk.bsize;
  if (needed <= free) return;
  const missing = needed - (await bytesIn(out));
  if (missing <= free) return;
  throw new CallsignError(
    "FILE_WRITE_FAILED",
    `${out}: the build takes about ${gibibytes(needed)}, and the disk has ${gibibytes(free)} free; make room, name a folder on another disk (--out), or make less (clips and copies under data)`,
  );
}

async function existingFolder(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found?.isDirectory() === true || dirname(folder) === folder) return folder;
  }
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries)
    if (entry.isFile())
      bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  return bytes;
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Remarks on phrases that are spoken differently from how they are written: `"10%" is spoken as "ten percent"`. */
export const spokenNotes = (phrases: readonly string[]): string[] =>
  phrases
    .filter((phrase) => unspeakableParts(phrase).length === 0 && spokenText(phrase) !== lettersOf(phrase))
    .map((phrase) => `${JSON.stringify(phrase)} is spoken as ${JSON.stringify(spokenText(phrase))}`);

const lettersOf = (phrase: string): string =>
  (
    phrase
      .normalize("NFKD")
      .replaceAll(/\p{M}/gu, "")
      .replaceAll("’", "'")
      .toLowerCase()
      .match(/[a-z0-9]+(?:'[a-z]+)*|[^a-z0-9\s\p{P}]|[%&@#/]/gu) ?? []
  ).join(" ");
