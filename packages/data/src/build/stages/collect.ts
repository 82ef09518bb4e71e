import { stat } from "node:fs/promises";

import { CallsignError, roundMagnitudes } from "@callsign/audio/internal";
import { type Progress } from "@callsign/infer/internal";
import { sha256Hex } from "@callsign/infer/node/internal";

import { createPhraseTest } from "../../text/contains-phrase.ts";
import { createSource, type SourceConfig } from "../../sources/create-source.ts";
import type { SourceClip } from "../../sources/clip-source.ts";
import { findAudioFiles } from "../../sources/files/find-audio-files.ts";
import { speechBounds } from "../../voices/quality/trim-silence.ts";
import type { Split } from "../../split.ts";
import { type Batch, BatchJournal, writeClip } from "../../store/journal.ts";
import { createPool } from "../../workers/pool.ts";
import { type BuildContext, fromBase, throwIfStopped } from "../build-context.ts";
import { sha256Of } from "../../store/build-folder.ts";
import { clipPath, type CollectedSet } from "../../store/clip-set.ts";
import { describeLeftOut, type LeftOut, type LeftOutReason, LeftOutTally } from "../../store/left-out.ts";
import { type CorpusSet, locateSource } from "./corpus-sets.ts";
import { type CorpusClip, splitCorpus } from "./split-corpus.ts";

const BATCH_CLIPS = 64;

interface CorpusBatch extends Batch<CorpusClip> {
  readonly isLast: boolean;
  readonly leftOut: readonly LeftOut[];
}

/** Stage `collect`: the recordings of every corpus, each cut to clips and written as 16 kHz wav. */
export async function* collectSets(
  context: BuildContext,
  { sets, used }: { readonly sets: readonly CorpusSet[]; readonly used: Set<string> },
): AsyncGenerator<Progress, CollectedSet[]> {
  const collected: CollectedSet[] = [];
  const known = new Map<string, Split>();
  let before = 0;
  for (const set of sets) {
    const batches: CorpusBatch[] = [];
    const key = await corpusKey(context, set);
    const journal = new BatchJournal<CorpusBatch>({ ...context, set: set.id, key, used });
    while (batches.at(-1)?.isLast !== true) {
      const batch = await journal.read(batches.length);
      if (batch === undefined) break;
      batches.push(batch);
    }
    if (batches.at(-1)?.isLast !== true) yield* readCorpus(context, { set, batches, journal, before });
    const { leftOut = [] } = batches.at(-1) ?? {};
    const found = batches.flatMap((batch) => batch.clips);
    if (found.length === 0) throw nothingLeft(set, leftOut);
    const clips = splitCorpus(context, { set, clips: found, known });
    before += clips.length;
    yield { stage: "collect", done: before, unit: "clips", note: set.id };
    const { id, kind, clean, copies } = set;
    collected.push({ id, kind, clips, clean, copies, leftOut });
  }
  return collected;
}

interface Reading {
  readonly set: CorpusSet;
  /** Those done; new ones are added. */
  readonly batches: CorpusBatch[];
  readonly journal: BatchJournal<CorpusBatch>;
  readonly before: number;
}

async function* readCorpus(
  context: BuildContext,
  { set, batches, journal, before }: Reading,
): AsyncGenerator<Progress, void> {
  const source = createSource(locateSource(context, set.source), { hub: context.hub });
  const says = createPhraseTest(context.config.labels.flatMap((label) => label.phrases));
  const left = new LeftOutTally();
  const seen = new Set<string>();
  const have = batches.reduce((sum, { clips }) => sum + clips.length, 0);
  let index = 0;
  let clips: CorpusClip[] = [];
  const record = async (isLast: boolean): Promise<void> => {
    const batch = { clips, isLast, leftOut: isLast ? left.summary() : [] };
    await journal.write(batches.length, batch);
    batches.push(batch);
    clips = [];
  };
  const { workers } = context;
  // With one worker, recordings are decoded in this thread, segment by segment.
  const pool = workers > 1 ? createPool("recordings", { setup: undefined, workers }) : undefined;
  const reading = source.clips({
    signal: context.signal,
    ...(pool && { decoder: { run: (input, signal) => pool.run(input, signal), workers } }),
    onFault: ({ place, error: { message } }) =>
      left.add("unreadable", message.startsWith(place) ? message : `${place}: ${message}`),
    onLeftOut: ({ reason, place }) => left.add(reason, place),
    ...(context.onNote && { onNote: context.onNote }),
  });
  try {
    for await (const clip of reading) {
      throwIfStopped(context, "collect");
      const reason = reasonToLeaveOut(clip, { context, set, says, seen });
      if (reason !== undefined) {
        // A recording that is too long comes in segments, and is one that is left out.
        if (reason !== "too-long" || clip.provenance.startSeconds === 0)
          left.add(reason, String(clip.provenance.file ?? clip.id));
        continue;
      }
      // Clips that an earlier run has written are skipped.
      if (index++ < have) continue;
      clips.push(await keepClip(context, { set, clip, index: index - 1 }));
      if (clips.length === BATCH_CLIPS) await record(false);
      yield { stage: "collect", done: before + index, unit: "clips", note: set.id };
    }
  } finally {
    await pool?.dispose();
  }
  await record(true);
}

interface Judging {
  readonly context: BuildContext;
  readonly set: CorpusSet;
  /** Whether a phrase is said in a text. */
  readonly says: (text: string) => boolean;
  /** Hashes of the clips before. */
  readonly seen: Set<string>;
}

function reasonToLeaveOut(
  clip: SourceClip,
  { context, set, says, seen }: Judging,
): LeftOutReason | undefined {
  // The parts of one recording belong together, whatever is in them.
  if (set.kind === "recording")
    return !set.labelled && clip.text !== undefined && says(clip.text) ? "with-phrase" : undefined;
  if (isPhrase(clip, { context, set })) {
    if (clip.isSegment === true) return "too-long";
    if (speechBounds(clip.audio, { sampleRateHz: 16_000 }) === undefined) return "no-speech";
  } else if (clip.text !== undefined && says(clip.text)) return "with-phrase";
  if (set.kind !== "corpus") return undefined;
  const hash = sha256Hex(new Uint8Array(roundMagnitudes(clip.audio).buffer));
  if (seen.has(hash)) return "duplicate";
  seen.add(hash);
  return undefined;
}

const isPhrase = (
  { label: own }: SourceClip,
  { context: { config }, set }: { readonly context: BuildContext; readonly set: CorpusSet },
): boolean => set.labelled && config.labels.some(({ label }) => label === own);

function nothingLeft({ id, source }: CorpusSet, leftOut: readonly LeftOut[]): CallsignError {
  const lines = describeLeftOut([{ id, leftOut }]).map((line) => `\n  ${line}`);
  return new CallsignError(
    "CORPUS_EMPTY",
    `${id} (${source.path ?? source.kind}): no recording is left to be used${lines.join("") || ": there are none"}`,
  );
}

async function keepClip(
  context: BuildContext,
  { set, clip, index }: { set: CorpusSet; clip: SourceClip; index: number },
): Promise<CorpusClip> {
  const { out } = context;
  const file = await writeClip(out, { path: clipPath(set.id, index), samples: clip.audio });
  return {
    ...file,
    label: isPhrase(clip, { context, set }) ? clip.label! : set.kind === "recording" ? "corpus" : set.kind,
    text: clip.text ?? "",
    // Where the speaker is not known, a file stands for one.
    speaker: clip.speaker ?? `${clip.source}/${clip.provenance.file ?? clip.id}`,
    source: clip.source,
    licence: clip.licence,
    provenance: { ...clip.provenance, id: clip.id, ...(clip.label !== undefined && { label: clip.label }) },
  };
}

/** Key of a corpus: its config and the sizes and times of its files. */
async function corpusKey(context: BuildContext, { id, kind, source, labelled }: CorpusSet): Promise<string> {
  const { labels } = context.config;
  const files = await fileFacts(context, source);
  return sha256Of({ version: 3, labels, id, kind, source, labelled, files });
}

async function fileFacts(context: BuildContext, source: SourceConfig): Promise<unknown[]> {
  if (source.path === undefined) return [];
  const path = fromBase(source.path, context);
  const paths =
    source.kind === "clip"
      ? [path, fromBase(source.truth, context)]
      : source.kind === "common-voice"
        ? [path]
        : (await findAudioFiles(path)).map((file) => file.path);
  return Promise.all(
    paths.map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return [file.slice(path.length), found?.size ?? -1, found?.mtimeMs ?? -1];
    }),
  );
}
