import { toMagnitudes } from "@callsign/audio/internal";
import type { Progress } from "@callsign/infer/internal";

import type { ManifestClip } from "../../store/manifest.ts";
import { assignSplit } from "../../split.ts";
import { formatIpa } from "../../text/phonetics/ipa.ts";
import { replaceWords, type SaidSounds } from "../../voices/draw-sounds.ts";
import { inOtherLanguages } from "../../voices/engines/espeak/espeak.ts";
import type { RejectionCounts } from "../../voices/quality/quality-check.ts";
import type { VoiceParameters } from "../../voices/speech-engine.ts";
import { type SynthesisPlan, synthesizeClips, type SynthesizedClip } from "../../voices/synthesize-clips.ts";
import { type Batch, BatchJournal, writeClip } from "../../store/journal.ts";
import { type BuildContext, throwIfStopped } from "../build-context.ts";
import { sha256Of } from "../../store/build-folder.ts";
import { clipPath, type CollectedSet } from "../../store/clip-set.ts";
import { createPool } from "../../workers/pool.ts";
import { locateModel, openEngines } from "../locate-models.ts";
import type { SpokenSet } from "./draw-texts.ts";

/** Clips per journal record. */
const BATCH_CLIPS = 50;

interface SpokenBatch extends Batch {
  readonly voices: readonly VoiceParameters[];
  readonly contentHashes: readonly string[];
  /** Attempts of the set up to the end of this batch. */
  readonly attempts: number;
  readonly rejected: RejectionCounts | undefined;
}

type Speaker = Pick<SynthesisPlan, "engines" | "pool" | "concurrency">;

/** Stage `synthesize`: speaks every set. Negatives use the voices of the positives with their rate and pitch. */
export async function* synthesizeSets(
  context: BuildContext,
  { sets, used }: { readonly sets: readonly SpokenSet[]; readonly used: Set<string> },
): AsyncGenerator<Progress, CollectedSet[]> {
  const total = sets.reduce((sum, { count }) => sum + count, 0);
  const speakers = lazySpeakers(context);
  const collected: CollectedSet[] = [];
  const voices: VoiceParameters[] = [];
  let before = 0;
  try {
    for (const set of sets) {
      const same = voicesOf(set, voices);
      const key = setKey(context, { set, voices: same });
      const journal = new BatchJournal<SpokenBatch>({ out: context.out, set: set.id, key, used });
      const batches: SpokenBatch[] = [];
      for (let done = 0; done < set.count; done += batches.at(-1)!.clips.length) {
        throwIfStopped(context, "synthesize");
        const size = Math.min(BATCH_CLIPS, set.count - done);
        const recorded = await journal.read(batches.length);
        const fits = recorded !== undefined && recorded.clips.length === size;
        const batch = fits
          ? recorded
          : yield* speakBatch(
              context,
              { set, batches, size, voices: same, speaker: await speakers.get() },
              (made) => ({
                stage: "synthesize",
                done: before + done + made,
                total,
                unit: "clips",
                note: set.id,
              }),
            );
        if (!fits) await journal.write(batches.length, batch);
        batches.push(batch);
        yield { stage: "synthesize", done: before + done + size, total, unit: "clips", note: set.id };
      }
      before += set.count;
      if (set.kind === "positive") voices.push(...batches.flatMap((batch) => batch.voices));
      collected.push(describeSet(context, set, batches));
    }
    return collected;
  } finally {
    await speakers.dispose();
  }
}

/** Voices of a set: negatives reuse those of the positives, so that the voice does not tell the label; undefined to draw them. */
function voicesOf(set: SpokenSet, positives: readonly VoiceParameters[]): VoiceParameters[] | undefined {
  if (set.kind === "foreign") return inOtherLanguages(positives);
  return set.kind !== "positive" && positives.length > 0 ? [...positives] : undefined;
}

function describeSet(
  { config: { data } }: BuildContext,
  set: SpokenSet,
  batches: readonly SpokenBatch[],
): CollectedSet {
  const { attempts = 0, rejected } = batches.at(-1) ?? {};
  return {
    id: set.id,
    kind: set.kind,
    clips: batches.flatMap(({ clips }) => clips),
    clean: false,
    copies: set.kind === "positive" ? data.positives.copies : data.negatives.copies,
    attempts,
    ...(rejected && { rejected }),
  };
}

/** Hash of everything the clips of a set depend on, except their number, since more clips can be added. */
function setKey({ config }: BuildContext, from: { set: SpokenSet; voices: unknown }): string {
  const { seed, data } = config;
  const { mostAttempts, mostRejectedShare, engines, splits } = data;
  const { id, kind, label, texts, sounds } = from.set;
  const decides = { seed, mostAttempts, mostRejectedShare, engines, splits, id, kind, label, texts, sounds };
  return sha256Of({ version: 2, ...decides, voices: from.voices ?? "drawn" });
}

interface BatchRequest {
  readonly set: SpokenSet;
  /** Batches before this one. */
  readonly batches: readonly SpokenBatch[];
  readonly size: number;
  readonly voices: readonly VoiceParameters[] | undefined;
  readonly speaker: Speaker;
}

async function* speakBatch(
  context: BuildContext,
  { set, batches, size, voices, speaker }: BatchRequest,
  progress: (made: number) => Progress,
): AsyncGenerator<Progress, SpokenBatch> {
  const { config, out, signal } = context;
  const last = batches.at(-1);
  const done = batches.reduce((sum, { clips }) => sum + clips.length, 0);
  const events = synthesizeClips({
    ...speaker,
    texts: set.texts,
    ...(set.sounds && { sounds: set.sounds }),
    count: done + size,
    seed: `${config.seed}/${set.id}`,
    mostAttempts: config.data.mostAttempts,
    mostRejectedShare: config.data.mostRejectedShare,
    ...(voices && { voices }),
    ...(last && {
      resumeAfter: {
        done,
        contentHashes: batches.flatMap(({ contentHashes }) => contentHashes),
        attempts: last.attempts,
        rejected: last.rejected!,
      },
    }),
    ...(signal && { signal }),
  });
  const clips: ManifestClip[] = [];
  const made: SynthesizedClip[] = [];
  let attempts = 0;
  let rejected: RejectionCounts | undefined;
  for await (const event of events) {
    clips.push(await keepClip(context, { set, clip: event.clip, out }));
    made.push(event.clip);
    ({ attempts, rejected } = event);
    yield progress(made.length);
  }
  return {
    clips,
    voices: made.map(({ voice }) => voice),
    contentHashes: made.map(({ contentHash }) => contentHash),
    attempts,
    rejected,
  };
}

async function keepClip(
  { config }: BuildContext,
  { set, clip, out }: { set: SpokenSet; clip: SynthesizedClip; out: string },
): Promise<ManifestClip> {
  const { voice, text, licence, sounds, attempts, audio } = clip;
  const file = await writeClip(out, {
    path: clipPath(set.id, clip.index),
    samples: toMagnitudes(audio.samples),
  });
  const { splits: fractions } = config.data;
  return {
    ...file,
    label: set.label,
    text,
    speaker: voice.voice,
    source: voice.engine,
    licence,
    split: assignSplit(voice.voice, { seed: config.seed, fractions }),
    provenance: { ...voice, attempts, ...(Object.keys(sounds).length > 0 && { said: inIpa(text, sounds) }) },
  };
}

/** The text with the words that have several pronunciations in IPA: "hey /ʃiˈɔɹʃə/". */
const inIpa = (text: string, sounds: SaidSounds): string =>
  replaceWords(text, (word) => (Object.hasOwn(sounds, word) ? `/${formatIpa(sounds[word]!)}/` : word));

/** Starts engines and threads when the first clip is missing, since a finished build needs neither. */
function lazySpeakers(context: BuildContext): { get: () => Promise<Speaker>; dispose: () => Promise<void> } {
  let opened: Promise<Speaker & { dispose: () => Promise<void> }> | undefined;
  return {
    get: () => (opened ??= openSpeakers(context)),
    dispose: async () => (await opened?.catch(() => undefined))?.dispose(),
  };
}

async function openSpeakers(context: BuildContext): Promise<Speaker & { dispose: () => Promise<void> }> {
  const { workers, cacheDir } = context;
  const configs = context.config.data.engines.map((engine) => locateModel(engine, context));
  const engines = await openEngines(context);
  const dispose = async (): Promise<void> =>
    void (await Promise.all(engines.map(({ engine }) => engine.dispose())));
  if (workers === 1) return { engines, dispose };
  // The engines are opened once here, so that missing files fail or download once; each thread opens its own.
  await dispose();
  const pool = createPool("synthesis", { setup: { engines: configs, cacheDir }, workers });
  return { engines: [], pool, concurrency: 2 * workers, dispose: () => pool.dispose() };
}
