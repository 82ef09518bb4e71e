import { sha256Hex } from "@callsign/infer/node/internal";

import type { ManifestClip } from "../store/manifest.ts";
import { createRandom, type Random } from "../random.ts";
import { type Split, SPLITS } from "../split.ts";
import { type ClipKind, type CollectedSet, LIKE_A_PHRASE } from "../store/clip-set.ts";
import { windowLengthOf } from "../labelling/windows.ts";
import { type FeatureSettings, settingsSha256 } from "./feature-settings.ts";

/** Fields of a clip that features depend on. */
export type ClipRef = Pick<
  ManifestClip,
  "path" | "sha256" | "label" | "text" | "speaker" | "durationSeconds" | "provenance"
>;

/** One stretch of audio to embed; copy -1 is the unchanged recording. */
export type ShardItem =
  | { readonly clips: readonly ClipRef[]; readonly copy: number }
  | { readonly scene: number };

/** One shard; with the settings it determines the bytes. Plain data, since it is sent to worker threads. */
export interface ShardPlan {
  /** `train/near-miss-0003`, the shard's path below `shards` without its ending. */
  readonly id: string;
  readonly split: Split;
  readonly source: string;
  readonly kind: ClipKind | "scene";
  readonly items: readonly ShardItem[];
  /** Planned length of audio, in seconds. */
  readonly seconds: number;
  readonly noises: readonly ClipRef[];
  readonly impulseResponses: readonly ClipRef[];
  /** Speech to put around phrases, and the talk of scenes. */
  readonly speech: readonly ClipRef[];
  /** Phrases for scenes. */
  readonly commands: readonly ClipRef[];
  /** Samples from one window to the next. */
  readonly stepLength: number;
  readonly inputsSha256: string;
}

export interface ShardPlanOptions {
  readonly settings: FeatureSettings;
  readonly sets: readonly CollectedSet[];
  readonly shardSeconds: number;
  readonly scenes: number;
  /** Share of the scenes in each split. */
  readonly shares: Readonly<Record<Split, number>>;
}

/**
 * Plans the shards of a build one after the other, since the plans of a million clips would fill the memory. A shard draws only
 * from clips of its own split.
 */
export function* planShards(options: ShardPlanOptions): Generator<ShardPlan> {
  for (const split of SPLITS) {
    const { sets, pools } = ofSplit(split, options);
    for (const set of sets) yield* cut(itemsOf(set), { ...options, split, set, pools });
    const scenes = { id: "scene", kind: "scene" } as const;
    yield* cut(scenesOf(split, { ...options, pools }), { ...options, split, set: scenes, pools });
  }
}

/** Length of audio in all shards, in seconds. */
export function plannedSeconds(options: ShardPlanOptions): number {
  let total = 0;
  for (const split of SPLITS) {
    const { sets, pools } = ofSplit(split, options);
    for (const set of sets) for (const item of itemsOf(set)) total += itemSeconds(item, options.settings);
    for (const item of scenesOf(split, { ...options, pools })) total += itemSeconds(item, options.settings);
  }
  return total;
}

function ofSplit(split: Split, { sets: all, settings }: ShardPlanOptions) {
  const sets = all.map((set) => ({ ...set, clips: set.clips.filter((clip) => clip.split === split) }));
  return { sets: sets.filter(({ kind }) => kind !== "impulse-response"), pools: poolsOf(sets, settings) };
}

/** One stretch of audio of a set, before it is reduced to what features depend on. */
type SetItem =
  | { readonly clips: readonly ManifestClip[]; readonly copy: number }
  | { readonly scene: number };

interface Pools {
  readonly noises: readonly ManifestClip[];
  readonly impulseResponses: readonly ManifestClip[];
  readonly speech: readonly ManifestClip[];
  /** Speech without clips made to resemble a phrase. */
  readonly ordinary: readonly ManifestClip[];
  readonly commands: readonly ManifestClip[];
}

/** Seconds of each that a shard holds in memory: enough that no two copies are alike. */
const POOL_SECONDS = {
  noises: 240,
  impulseResponses: 30,
  speech: 180,
  ordinary: 180,
  commands: 120,
} as const;
/** Longer recordings are not put around a phrase. */
const LONGEST_SPEECH_SECONDS = 15;

function poolsOf(sets: readonly CollectedSet[], { labels }: FeatureSettings): Pools {
  const isPhrase = (clip: ManifestClip): boolean => labels.includes(clip.label);
  const of = (test: (set: CollectedSet, clip: ManifestClip) => boolean): ManifestClip[] =>
    sets.flatMap((set) => set.clips.filter((clip) => test(set, clip)));
  const talks = (clip: ManifestClip): boolean =>
    !isPhrase(clip) && clip.durationSeconds <= LONGEST_SPEECH_SECONDS;
  const isSpeech = ({ kind }: CollectedSet, clip: ManifestClip): boolean => !NO_TALK.has(kind) && talks(clip);
  return {
    noises: of(({ kind }) => kind === "noise"),
    impulseResponses: of(({ kind }) => kind === "impulse-response"),
    speech: of(isSpeech),
    ordinary: of((set, clip) => isSpeech(set, clip) && !LIKE_A_PHRASE.has(set.kind)),
    commands: of(({ kind }, clip) => kind !== "recording" && isPhrase(clip)),
  };
}

const NO_TALK: ReadonlySet<ClipKind> = new Set(["noise", "impulse-response", "recording", "positive"]);

function* itemsOf({ kind, clips: all, clean, copies }: CollectedSet): Generator<SetItem> {
  for (const clips of kind === "recording" ? joinable(all) : singles(all))
    for (let copy = clean ? -1 : 0; copy < copies; copy++) yield { clips, copy };
}

function* singles(clips: readonly ManifestClip[]): Generator<readonly ManifestClip[]> {
  for (const clip of clips) yield [clip];
}

/** Consecutive pieces of one recording, up to a minute, so that a recording cut for labelling is embedded as one. */
function* joinable(clips: readonly ManifestClip[]): Generator<readonly ManifestClip[]> {
  let group: ManifestClip[] = [];
  let end = -1;
  let seconds = 0;
  for (const clip of clips) {
    const { startSample, endSample } = clip.provenance;
    const follows = group.length > 0 && startSample === end + 1 && seconds + clip.durationSeconds <= 60;
    if (!follows && group.length > 0) {
      yield group;
      group = [];
    }
    group.push(clip);
    seconds = (follows ? seconds : 0) + clip.durationSeconds;
    end = Number(endSample);
  }
  if (group.length > 0) yield group;
}

function scenesOf(split: Split, options: ShardPlanOptions & { pools: Pools }): SetItem[] {
  const { scenes, shares, pools } = options;
  if (pools.commands.length === 0) return [];
  // Rounded at the borders between splits, so that all splits together have as many as were asked for.
  const before = SPLITS.slice(0, SPLITS.indexOf(split)).reduce((sum, other) => sum + shares[other], 0);
  const count = Math.round(scenes * (before + shares[split])) - Math.round(scenes * before);
  return Array.from({ length: count }, (_, scene) => ({ scene }));
}

interface CutOptions extends ShardPlanOptions {
  readonly split: Split;
  readonly set: Pick<ShardPlan, "kind"> & { readonly id: string };
  readonly pools: Pools;
}

function* cut(items: Iterable<SetItem>, options: CutOptions): Generator<ShardPlan> {
  const { shardSeconds, settings } = options;
  let taken: SetItem[] = [];
  let seconds = 0;
  let index = 0;
  for (const item of items) {
    taken.push(item);
    seconds += itemSeconds(item, settings);
    if (seconds < shardSeconds) continue;
    yield makePlan(taken, { ...options, seconds, index: index++ });
    taken = [];
    seconds = 0;
  }
  if (taken.length > 0) yield makePlan(taken, { ...options, seconds, index });
}

/** A window's length goes before every copy. */
function itemSeconds(item: SetItem, { scenes, windowing }: FeatureSettings): number {
  if ("scene" in item) return scenes.seconds;
  const window = windowLengthOf(windowing) / 16_000;
  return item.clips.reduce((sum, clip) => sum + clip.durationSeconds, item.copy < 0 ? 0 : window);
}

function makePlan(
  items: readonly SetItem[],
  options: CutOptions & { seconds: number; index: number },
): ShardPlan {
  const { split, set, settings, seconds, index } = options;
  const id = `${split}/${set.id}-${String(index).padStart(4, "0")}`;
  const random = createRandom(settings.seed).fork("pools").fork(id);
  const varied = items.some((item) => "scene" in item || item.copy >= 0);
  const draw = (pool: keyof Pools): ClipRef[] =>
    varied
      ? takeSeconds(options.pools[pool], { seconds: POOL_SECONDS[pool], random: random.fork(pool) })
      : [];
  // Around a clip, a word that sounds like part of a phrase may complete it. For whole-phrase detectors, false accepts per hour
  // are counted in scenes.
  const ordinary = set.kind !== "scene" || settings.windowing.kind === "embedding-sequence";
  const plan = {
    id,
    split,
    source: set.id,
    kind: set.kind,
    items: items.map((item) => ("scene" in item ? item : { clips: item.clips.map(toRef), copy: item.copy })),
    seconds,
    noises: draw("noises"),
    impulseResponses: draw("impulseResponses"),
    speech: set.kind === "noise" ? [] : draw(ordinary ? "ordinary" : "speech"),
    commands: set.kind === "scene" ? draw("commands") : [],
    stepLength: stepLengthOf(split, settings),
  };
  // Plans have their keys in one order, so that plain JSON of equal plans is equal; sorting them took most of the time.
  return { ...plan, inputsSha256: sha256Hex(`${settingsSha256(settings)}\n${JSON.stringify(plan)}`) };
}

/** Training may skip windows; validation steps as the detector does, whose patience and mute gate are chosen on it. */
const stepLengthOf = (split: Split, { windowing, slidingWindows }: FeatureSettings): number =>
  windowing.kind === "sliding-audio" && split === "train" ? slidingWindows.stepLength : windowing.hopLength;

/** Clips drawn without replacement until the length is reached. */
function takeSeconds(
  clips: readonly ManifestClip[],
  options: { seconds: number; random: Random },
): ClipRef[] {
  const taken: ClipRef[] = [];
  // Fisher-Yates over the places that are drawn alone, since a pool may be a thousand times what is taken from it.
  const moved = new Map<number, ManifestClip>();
  let seconds = 0;
  for (let from = 0; from < clips.length; from++) {
    const place = options.random.integer(from, clips.length - 1);
    const clip = moved.get(place) ?? clips[place]!;
    moved.set(place, moved.get(from) ?? clips[from]!);
    if (taken.length > 0 && seconds + clip.durationSeconds > options.seconds) break;
    taken.push(toRef(clip));
    seconds += clip.durationSeconds;
  }
  return taken;
}

const toRef = ({
  path,
  sha256,
  label,
  text,
  speaker,
  durationSeconds,
  provenance,
}: ManifestClip): ClipRef => {
  const kept = KEPT.flatMap((key) =>
    provenance[key] === undefined ? [] : [[key, provenance[key]] as const],
  );
  return { path, sha256, label, text, speaker, durationSeconds, provenance: Object.fromEntries(kept) };
};

/** Fields of a provenance that features depend on; the rest would make every plan long. */
const KEPT = ["startSample", "endSample", "leadIn"] as const;
