import { findAudioFiles } from "../sources/files/find-audio-files.ts";
import { findClipFiles } from "../sources/folder.ts";
import type { SourceConfig } from "../sources/create-source.ts";
import type { BuildContext } from "./build-context.ts";
import type { ClipKind } from "../store/clip-set.ts";
import { corpusSets, featureSets, locateSource } from "./stages/corpus-sets.ts";
import { plannedFeatureSeconds } from "./stages/feature-files.ts";
import { estimateSeconds } from "./check/estimate-seconds.ts";
import { windowLengthOf } from "../labelling/windows.ts";
import type { SpokenSet } from "./stages/draw-texts.ts";

/** Sizes of a build before it runs. Seconds and bytes are estimates. */
export interface BuildPlan {
  readonly name: string;
  readonly sets: readonly PlannedSet[];
  readonly scenes: number;
  readonly clips: number;
  readonly clipSeconds: number;
  readonly clipBytes: number;
  /** Audio that is embedded: copies, scenes and the silence before phrases. */
  readonly featureSeconds: number;
  readonly shardBytes: number;
}

/** One set of clips; `files` where they are cut from recordings: their number is an estimate then. Precomputed features have no clips. */
export interface PlannedSet {
  readonly id: string;
  readonly kind: ClipKind;
  readonly texts?: number;
  readonly clips?: number;
  readonly files?: number;
  readonly seconds: number;
  readonly copies: number;
}

/** Plans a build from its config and folder listings, without reading recordings or writing files. */
export async function planBuild(context: BuildContext, spoken: readonly SpokenSet[]): Promise<BuildPlan> {
  const { data, windowing, name } = context.config;
  const sets: PlannedSet[] = spoken.map(({ id, kind, texts, count }) => {
    const all = [...new Set([...texts.train, ...texts.validation])];
    const copies = kind === "positive" ? data.positives.copies : data.negatives.copies;
    return { id, kind, texts: all.length, clips: count, seconds: secondsOfTexts(all, count), copies };
  });
  const clean = new Map<string, boolean>();
  for (const { id, kind, source, copies, clean: asIs } of corpusSets(context)) {
    clean.set(id, asIs);
    sets.push({ id, kind, copies, ...(await sizeOfSource(context, source)) });
  }
  const precomputed: PlannedSet[] = [];
  for (const set of featureSets(context)) {
    const seconds = await plannedFeatureSeconds(context, set);
    precomputed.push({ id: set.id, kind: "corpus", clips: 0, copies: 0, seconds });
  }
  const padding = windowLengthOf(windowing) / 16_000;
  const embedded = sets.reduce((sum, { id, kind, seconds, copies, clips, files }) => {
    if (kind === "impulse-response") return sum;
    const count = clips ?? files ?? 0;
    if (kind === "positive")
      return sum + copies * count * (padding + (windowing.kind === "sliding-audio" ? 1 : 0));
    // A short clip is padded to a window even when it is unchanged.
    const asIs = clean.get(id) === true ? Math.max(seconds, count * padding) : 0;
    return sum + asIs + copies * (seconds + count * padding);
  }, 0);
  const featureSeconds = embedded + data.scenes.count * data.scenes.seconds;
  const clipSeconds = sets.reduce((sum, { seconds }) => sum + seconds, 0);
  const hop = windowing.kind === "sliding-audio" ? data.slidingWindows.stepLength : windowing.hopLength;
  return {
    name,
    sets: [...sets, ...precomputed],
    scenes: data.scenes.count,
    clips: sets.reduce((sum, { clips = 0, files = 0 }) => sum + (clips || files), 0),
    clipSeconds,
    clipBytes: Math.round(clipSeconds * 32_000),
    featureSeconds,
    // 96 values a row; windows and names of clips add a hundredth.
    shardBytes: Math.round(((featureSeconds * 16_000) / hop) * 97 * (data.precision === "float16" ? 2 : 4)),
  };
}

/** Measured on flite and espeak: some 14 letters a second, and the pauses at the ends. */
function secondsOfTexts(texts: readonly string[], count: number): number {
  const letters = texts.reduce((sum, text) => sum + text.length, 0) / Math.max(1, texts.length);
  return count * (0.15 + letters / 14);
}

async function sizeOfSource(
  context: BuildContext,
  given: SourceConfig,
): Promise<Pick<PlannedSet, "clips" | "files" | "seconds">> {
  const source = locateSource(context, given);
  if (source.kind === "common-voice")
    return { clips: source.count, seconds: (source.count * (source.minSeconds + source.maxSeconds)) / 2 };
  if (source.kind === "clip") {
    const end = source.toSeconds ?? (await estimateSeconds(source.path));
    return { files: 1, seconds: Math.max(0, end - source.fromSeconds) };
  }
  const files = source.kind === "folder" ? await findClipFiles(source) : await findAudioFiles(source.path);
  const lengths = await Promise.all(files.map(({ path }) => estimateSeconds(path)));
  const segment =
    source.kind === "folder"
      ? { max: source.maxSeconds, usual: 0.9 * source.maxSeconds }
      : source.kind === "noise"
        ? { max: source.segmentSeconds, usual: source.segmentSeconds }
        : { max: Infinity, usual: Infinity };
  const clips = lengths.map((seconds) => (seconds <= segment.max ? 1 : Math.ceil(seconds / segment.usual)));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return { files: files.length, clips: sum(clips), seconds: sum(lengths) };
}
