import { stat } from "node:fs/promises";

import type { Progress } from "@callsign/infer";

import type { ManifestClip } from "../manifest.ts";
import { createPhraseTest } from "../sources/contains-phrase.ts";
import { createSource, type SourceConfig } from "../sources/create-source.ts";
import type { SourceClip } from "../sources/clip-source.ts";
import { findAudioFiles } from "../sources/find-audio-files.ts";
import { assignSplit } from "../split.ts";
import { type Batch, BatchJournal, writeClip } from "./batch-journal.ts";
import { type BuildContext, fromBase, throwIfStopped } from "./build-context.ts";
import { sha256Of } from "./build-folder.ts";
import { clipPath, type CollectedSet } from "./clip-set.ts";
import { type CorpusSet, locateSource } from "./corpus-sets.ts";

const BATCH_CLIPS = 64;

interface CorpusBatch extends Batch {
  readonly isLast: boolean;
  readonly faults: readonly string[];
  readonly withPhrase: number;
}

/** Stage `collect`: the recordings of every corpus, each cut to clips and written as 16 kHz wav. */
export async function* collectSets(
  context: BuildContext,
  { sets, used }: { readonly sets: readonly CorpusSet[]; readonly used: Set<string> },
): AsyncGenerator<Progress, CollectedSet[]> {
  const collected: CollectedSet[] = [];
  let before = 0;
  for (const set of sets) {
    const batches: CorpusBatch[] = [];
    const key = await corpusKey(context, set);
    const journal = new BatchJournal<CorpusBatch>({ out: context.out, set: set.id, key, used });
    while (batches.at(-1)?.isLast !== true) {
      const batch = await journal.read(batches.length);
      if (batch === undefined) break;
      batches.push(batch);
    }
    if (batches.at(-1)?.isLast !== true) yield* readCorpus(context, { set, batches, journal, before });
    const { faults = [], withPhrase = 0 } = batches.at(-1) ?? {};
    const clips = batches.flatMap((batch) => batch.clips);
    before += clips.length;
    yield { stage: "collect", done: before, unit: "clips", note: set.id };
    const { id, kind, clean, copies } = set;
    collected.push({ id, kind, clips, clean, copies, faults, withPhrase });
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
  const phrases = createPhraseTest(context.config.labels.flatMap((label) => label.phrases));
  const faults: string[] = [];
  const have = batches.reduce((sum, { clips }) => sum + clips.length, 0);
  let withPhrase = 0;
  let index = 0;
  let clips: ManifestClip[] = [];
  const record = async (isLast: boolean): Promise<void> => {
    const batch = { clips, isLast, faults: isLast ? faults : [], withPhrase };
    await journal.write(batches.length, batch);
    batches.push(batch);
    clips = [];
  };
  const reading = source.clips({
    signal: context.signal,
    onFault: ({ error }) => faults.push(error.message),
    ...(context.onNote && { onNote: context.onNote }),
  });
  for await (const clip of reading) {
    throwIfStopped(context, "collect");
    if (!set.labelled && clip.text !== undefined && phrases(clip.text)) {
      withPhrase++;
      continue;
    }
    // What an earlier run has written is read past.
    if (index++ < have) continue;
    clips.push(await keepClip(context, { set, clip, index: index - 1 }));
    if (clips.length === BATCH_CLIPS) await record(false);
    yield { stage: "collect", done: before + index, unit: "clips", note: set.id };
  }
  await record(true);
}

async function keepClip(
  { config, out }: BuildContext,
  { set, clip, index }: { set: CorpusSet; clip: SourceClip; index: number },
): Promise<ManifestClip> {
  const isPhrase = set.labelled && config.labels.some(({ label }) => label === clip.label);
  const file = await writeClip(out, { path: clipPath(set.id, index), samples: clip.audio });
  const known = set.kind === "impulse-response" ? `${clip.source}/${clip.id}` : clip.speaker;
  const speaker = known ?? `${clip.source} (unknown speakers)`;
  const { seed } = config;
  const fractions = config.data.splits;
  // Speakers that nobody can tell apart stay together.
  const drawn = known === undefined ? "train" : assignSplit(speaker, { seed, fractions });
  return {
    ...file,
    label: isPhrase ? clip.label! : set.kind === "recording" ? "corpus" : set.kind,
    text: clip.text ?? "",
    speaker,
    source: clip.source,
    licence: clip.licence,
    split: set.split === "auto" ? drawn : set.split,
    provenance: { ...clip.provenance, id: clip.id, ...(clip.label !== undefined && { label: clip.label }) },
  };
}

/** What a corpus was read from: its config, and which files of what size and time it had. */
async function corpusKey(
  context: BuildContext,
  { id, kind, source, labelled, split }: CorpusSet,
): Promise<string> {
  const { seed, labels, data } = context.config;
  const files = await fileFacts(context, source);
  return sha256Of({
    version: 1,
    seed,
    labels,
    splits: data.splits,
    id,
    kind,
    source,
    labelled,
    split,
    files,
  });
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
