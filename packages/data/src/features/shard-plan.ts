import type { ManifestClip } from "../store/manifest.ts";
import { createRandom, type Random } from "../random.ts";
import { type Split, SPLITS } from "../split.ts";
import { sha256Of } from "../store/build-folder.ts";
import { type ClipKind, type CollectedSet, LIKE_A_PHRASE } from "../store/clip-set.ts";
import { windowLengthOf } from "../labelling/windows.ts";
import type { FeatureSettings } from "./feature-settings.ts";

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

/** Plans every shard of a build, in order. A shard draws only from clips of its own split. */
export function planShards(options: ShardPlanOptions): ShardPlan[] {
  return SPLITS.flatMap((split) => {
    const sets = options.sets.map((set) => ({
      ...set,
      clips: set.clips.filter((clip) => clip.split === split),
    }));
    const pools = poolsOf(sets, options.settings);
    const ofSets = sets
      .filter(({ kind }) => kind !== "impulse-response")
      .flatMap((set) => cut(itemsOf(set), { ...options, split, set, pools }));
    const scenes = { id: "scene", kind: "scene" } as const;
    const ofScenes = cut(scenesOf(split, { ...options, pools }), { ...options, split, set: scenes, pools });
    return [...ofSets, ...ofScenes];
  });
}

interface Pools {
  readonly noises: readonly ClipRef[];
  readonly impulseResponses: readonly ClipRef[];
  readonly speech: readonly ClipRef[];
  /** Speech without clips made to resemble a phrase. */
  readonly ordinary: readonly ClipRef[];
  readonly commands: readonly ClipRef[];
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
  const of = (test: (set: CollectedSet, clip: ManifestClip) => boolean): ClipRef[] =>
    sets.flatMap((set) => set.clips.filter((clip) => test(set, clip)).map(toRef));
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

function itemsOf(set: CollectedSet): ShardItem[] {
  const groups = set.kind === "recording" ? joinable(set.clips) : set.clips.map((clip) => [clip]);
  return groups.flatMap((group) => {
    const clips = group.map(toRef);
    const copies = Array.from({ length: set.copies }, (_, copy) => ({ clips, copy }));
    return set.clean ? [{ clips, copy: -1 }, ...copies] : copies;
  });
}

/** Consecutive pieces of one recording, up to a minute, so that a recording cut for labelling is embedded as one. */
function joinable(clips: readonly ManifestClip[]): ManifestClip[][] {
  const groups: ManifestClip[][] = [];
  let end = -1;
  let seconds = 0;
  for (const clip of clips) {
    const { startSample, endSample } = clip.provenance;
    const follows = groups.length > 0 && startSample === end + 1 && seconds + clip.durationSeconds <= 60;
    if (follows) groups.at(-1)!.push(clip);
    else groups.push([clip]);
    seconds = (follows ? seconds : 0) + clip.durationSeconds;
    end = Number(endSample);
  }
  return groups;
}

function scenesOf(split: Split, options: ShardPlanOptions & { pools: Pools }): ShardItem[] {
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

function cut(items: readonly ShardItem[], options: CutOptions): ShardPlan[] {
  const { shardSeconds, settings } = options;
  const plans: ShardPlan[] = [];
  let from = 0;
  let seconds = 0;
  for (const [i, item] of items.entries()) {
    seconds += itemSeconds(item, settings);
    if (seconds < shardSeconds && i + 1 < items.length) continue;
    plans.push(makePlan(items.slice(from, i + 1), { ...options, seconds, index: plans.length }));
    from = i + 1;
    seconds = 0;
  }
  return plans;
}

/** A window's length goes before every copy. */
function itemSeconds(item: ShardItem, { scenes, windowing }: FeatureSettings): number {
  if ("scene" in item) return scenes.seconds;
  const window = windowLengthOf(windowing) / 16_000;
  return item.clips.reduce((sum, clip) => sum + clip.durationSeconds, item.copy < 0 ? 0 : window);
}

function makePlan(
  items: readonly ShardItem[],
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
    items,
    seconds,
    noises: draw("noises"),
    impulseResponses: draw("impulseResponses"),
    speech: set.kind === "noise" ? [] : draw(ordinary ? "ordinary" : "speech"),
    commands: set.kind === "scene" ? draw("commands") : [],
    stepLength: stepLengthOf(split, settings),
  };
  return { ...plan, inputsSha256: sha256Of({ settings, plan }) };
}

/** Training may skip windows; validation steps as the detector does, whose patience and mute gate are chosen on it. */
const stepLengthOf = (split: Split, { windowing, slidingWindows }: FeatureSettings): number =>
  windowing.kind === "sliding-audio" && split === "train" ? slidingWindows.stepLength : windowing.hopLength;

/** Clips drawn without replacement until the length is reached. */
function takeSeconds(clips: readonly ClipRef[], options: { seconds: number; random: Random }): ClipRef[] {
  const taken: ClipRef[] = [];
  // Fisher-Yates over the places that are drawn alone, since a pool may be a thousand times what is taken from it.
  const moved = new Map<number, ClipRef>();
  let seconds = 0;
  for (let from = 0; from < clips.length; from++) {
    const place = options.random.integer(from, clips.length - 1);
    const clip = moved.get(place) ?? clips[place]!;
    moved.set(place, moved.get(from) ?? clips[from]!);
    if (taken.length > 0 && seconds + clip.durationSeconds > options.seconds) break;
    taken.push(clip);
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
  // Only the fields that features depend on; the rest would make every plan long.
  const kept = Object.entries(provenance).filter(([key]) =>
    ["startSample", "endSample", "leadIn"].includes(key),
  );
  return { path, sha256, label, text, speaker, durationSeconds, provenance: Object.fromEntries(kept) };
};
