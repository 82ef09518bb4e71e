import { toMagnitudes } from "@callsign/audio/internal";
import type { Progress } from "@callsign/infer/internal";

import type { ManifestClip } from "../../store/manifest.ts";
import { type Split, voiceShares } from "../../split.ts";
import { formatIpa } from "../../text/phonetics/ipa.ts";
import { replaceWords } from "../../text/spoken-text.ts";
import type { SaidSounds } from "../../voices/draw-sounds.ts";
import type { RejectionCounts } from "../../voices/quality/quality-check.ts";
import type { VoiceParameters } from "../../voices/speech-engine.ts";
import {
  firstAttempts,
  type SynthesisPlan,
  synthesizeClips,
  type SynthesizedClip,
} from "../../voices/synthesize-clips.ts";
import { type Batch, BatchJournal, writeClip } from "../../store/journal.ts";
import { type BuildContext, throwIfStopped } from "../build-context.ts";
import { sha256Of } from "../../store/build-folder.ts";
import { clipPath, type CollectedSet } from "../../store/clip-set.ts";
import { createPool } from "../../workers/pool.ts";
import { checkPhraseFits } from "../phrase-lengths.ts";
import { locateModel, openEngines } from "../locate-models.ts";
import { clipTurns, type SplitTurn, type SplitVoices } from "./clip-turns.ts";
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
  const positives = { train: [] as VoiceParameters[], validation: [] as VoiceParameters[] };
  const { seed, data } = context.config;
  const shares = voiceShares(data.splits);
  let before = 0;
  try {
    for (const set of sets) {
      const key = setKey(context, { set, positives });
      const turn = clipTurns(set, { seed, shares, positives });
      const texts = { turn, seed: `${seed}/${set.id}`, ...(set.sounds && { sounds: set.sounds }) };
      let isAnnounced = false;
      const journal = new BatchJournal<SpokenBatch>({ ...context, set: set.id, key, used });
      const batches: SpokenBatch[] = [];
      const hashes = new Set<string>();
      for (let done = 0; done < set.count; done += batches.at(-1)!.clips.length) {
        throwIfStopped(context, "synthesize");
        const size = Math.min(BATCH_CLIPS, set.count - done);
        const recorded = await journal.read(batches.length);
        const fits = recorded !== undefined && recorded.clips.length === size;
        if (!fits && !isAnnounced) {
          const { pool } = await speakers.get();
          pool?.prepare?.(firstAttempts(texts, { from: done, to: set.count }));
          isAnnounced = true;
        }
        const batch = fits
          ? recorded
          : yield* speakBatch(
              context,
              { set, texts, done, size, last: batches.at(-1), hashes, speaker: await speakers.get() },
              (made) => ({
                stage: "synthesize",
                done: before + done + made,
                total,
                unit: "clips",
                note: set.id,
              }),
            );
        if (!fits) await journal.write(batches.length, batch);
        for (const hash of batch.contentHashes) hashes.add(hash);
        batches.push(batch);
        yield { stage: "synthesize", done: before + done + size, total, unit: "clips", note: set.id };
      }
      before += set.count;
      if (set.kind === "positive")
        for (const { clips, voices } of batches)
          for (const [i, { split }] of clips.entries()) positives[split].push(voices[i]!);
      const spoken = describeSet(context, set, batches);
      if (set.kind === "positive") checkPhraseFits({ label: set.label, clips: spoken.clips }, context.config);
      collected.push(spoken);
    }
    return collected;
  } finally {
    await speakers.dispose();
  }
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
function setKey({ config }: BuildContext, from: { set: SpokenSet; positives: SplitVoices }): string {
  const { seed, data } = config;
  const { mostAttempts, mostRejectedShare, engines, splits } = data;
  const { id, kind, label, texts, sounds } = from.set;
  const decides = { seed, mostAttempts, mostRejectedShare, engines, id, kind, label, texts, sounds };
  const voices = kind === "positive" ? "drawn" : from.positives;
  return sha256Of({ version: 2, ...decides, splits: voiceShares(splits), voices });
}

interface BatchRequest {
  readonly set: SpokenSet;
  readonly texts: Pick<SynthesisPlan, "seed" | "sounds"> & { readonly turn: (index: number) => SplitTurn };
  /** Clips before this batch. */
  readonly done: number;
  readonly size: number;
  readonly last: SpokenBatch | undefined;
  /** Content hashes of the clips before; those of the batch are added. */
  readonly hashes: Set<string>;
  readonly speaker: Speaker;
}

async function* speakBatch(
  context: BuildContext,
  { set, texts, done, size, last, hashes, speaker }: BatchRequest,
  progress: (made: number) => Progress,
): AsyncGenerator<Progress, SpokenBatch> {
  const { config, out, signal } = context;
  const events = synthesizeClips({
    ...speaker,
    ...texts,
    count: done + size,
    mostAttempts: config.data.mostAttempts,
    mostRejectedShare: config.data.mostRejectedShare,
    ...(last && {
      resumeAfter: { done, contentHashes: hashes, attempts: last.attempts, rejected: last.rejected! },
    }),
    ...(signal && { signal }),
  });
  const clips: ManifestClip[] = [];
  const made: SynthesizedClip[] = [];
  let attempts = 0;
  let rejected: RejectionCounts | undefined;
  for await (const event of events) {
    clips.push(await keepClip(out, { set, clip: event.clip, split: texts.turn(event.clip.index).split }));
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
  out: string,
  { set, clip, split }: { set: SpokenSet; clip: SynthesizedClip; split: Split },
): Promise<ManifestClip> {
  const { voice, text, licence, sounds, attempts, audio } = clip;
  const file = await writeClip(out, {
    path: clipPath(set.id, clip.index),
    samples: toMagnitudes(audio.samples),
  });
  return {
    ...file,
    label: set.label,
    text,
    speaker: voice.voice,
    source: voice.engine,
    licence,
    split,
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
  const { workers, cacheDir, env, openPool } = context;
  const configs = context.config.data.engines.map((engine) => locateModel(engine, context));
  const engines = await openEngines(context);
  const dispose = async (): Promise<void> =>
    void (await Promise.all(engines.map(({ engine }) => engine.dispose())));
  if (workers === 1 && openPool === undefined) return { engines, dispose };
  // The engines are opened once here, so that missing files fail or download once; each thread opens its own.
  await dispose();
  const setup = { engines: configs, cacheDir, assets: env.CALLSIGN_ASSETS };
  const pool = (openPool ?? createPool)("synthesis", { setup, workers });
  return { engines: [], pool, concurrency: pool.atOnce ?? 2 * workers, dispose: () => pool.dispose() };
}
