import { joinFloats } from "@callsign/audio/internal";

import { augment } from "../augment/augment.ts";
import { augmentCodec } from "../augment/augment-codec.ts";
import { augmentChannel } from "../augment/augment-channel.ts";
import type { AugmentResources } from "../augment/augment-step.ts";
import type { PhraseAudio } from "../augment/phrase-audio.ts";
import type { Placement } from "../augment/place-phrase.ts";
import { buildScene, type SceneClip, type SceneInterval } from "../augment/scene.ts";
import { padWithRoomTone } from "../augment/room-tone.ts";
import { drawWindowEnds, longestPhrase } from "../labelling/windows.ts";
import { createRandom, type Random } from "../random.ts";
import type { ShardClip } from "./shard.ts";
import { speechBounds } from "../voices/quality/trim-silence.ts";
import type { FeatureSettings } from "./feature-settings.ts";
import type { ClipRef, ShardItem, ShardPlan } from "./shard-plan.ts";

/** A stretch of audio and the phrases in it. */
export interface LabelledAudio {
  readonly samples: Float32Array;
  /** In order of time, none overlapping. */
  readonly commands: readonly SceneInterval[];
  /** Ends of windows. Default: the grid of the windowing. */
  readonly ends?: readonly number[];
  readonly clip: ShardClip;
}

/** Resources that the items of a shard share. */
export interface AudioMaker {
  readonly settings: FeatureSettings;
  readonly plan: ShardPlan;
  readonly readClip: (clip: ClipRef) => Promise<Float32Array>;
  readonly resources: Omit<AugmentResources, "speech"> & { readonly speech: readonly SpokenClip[] };
  readonly commands: readonly SpokenClip[];
  /** Samples a window reads. */
  readonly windowLength: number;
}

/** A clip in memory. */
export interface SpokenClip extends SceneClip {
  readonly speaker: string;
}

/**
 * Makes the audio of one item. Random draws depend only on the seed, the clip and the copy.
 * @returns undefined for a copy of a phrase that does not fit into the window
 */
export async function makeAudio(item: ShardItem, maker: AudioMaker): Promise<LabelledAudio | undefined> {
  const { settings, plan } = maker;
  const random = createRandom(settings.seed).fork("features").fork(plan.source);
  const made = await makeUncoded(item, { maker, random });
  if (made === undefined || made.clip.copy < 0) return made;
  const own = random.fork(made.clip.clip).fork(made.clip.copy);
  return {
    ...made,
    samples: await augmentCodec(made.samples, { config: settings.augmentation, random: own }),
  };
}

async function makeUncoded(item: ShardItem, { maker, random }: Making): Promise<LabelledAudio | undefined> {
  const { settings, plan } = maker;
  if ("scene" in item)
    return makeScene(item.scene, { maker, random: random.fork(plan.split).fork(item.scene) });
  const [first] = item.clips;
  const own = { maker, random: random.fork(first!.path).fork(item.copy), copy: item.copy };
  if (plan.kind === "recording") return makeRecording(item.clips, own);
  const samples = await maker.readClip(first!);
  const isPhrase = settings.labels.includes(first!.label);
  return isPhrase
    ? makePositive({ ...own, clip: first!, samples })
    : makeNegative({ ...own, clip: first!, samples });
}

interface Making {
  readonly maker: AudioMaker;
  readonly random: Random;
}

interface MakingClip extends Making {
  readonly clip: ClipRef;
  readonly samples: Float32Array;
  readonly copy: number;
}

/** Number of samples rendered after a phrase or another clip. */
function renderedAfter({ windowing, slidingWindows, afterSeconds }: FeatureSettings): number {
  const seconds = windowing.kind === "sliding-audio" ? slidingWindows.afterSeconds : afterSeconds;
  return Math.round(seconds * 16_000);
}

function makePositive({ maker, random, clip, samples, copy }: MakingClip): LabelledAudio | undefined {
  const { settings, plan, windowLength } = maker;
  const bounds = plan.kind === "positive" ? undefined : speechBounds(samples, { sampleRateHz: 16_000 });
  const { start: phraseStart, end: phraseEnd } = bounds ?? { start: 0, end: samples.length };
  const phrase = { samples, phraseStart, phraseEnd, text: clip.text };
  const sliding = settings.windowing.kind === "sliding-audio";
  const after = renderedAfter(settings);
  const placement: Placement = sliding
    ? { kind: "stretch", before: windowLength, after: after + 1 }
    : { kind: "window-end", windowLength, gapLength: [0, after] };
  const audio =
    copy < 0
      ? placeClean(phrase, { before: windowLength, after: sliding ? after + 1 : after, random })
      : augment(phrase, {
          config: settings.augmentation,
          random,
          resources: nearVoice(maker, clip.speaker),
          placement,
        });
  if (audio === undefined) return undefined;
  const { phraseStart: start, phraseEnd: end } = audio;
  const { fromHeard, perCopy: count } = settings.slidingWindows;
  return {
    samples: audio.samples,
    commands: [{ name: clip.path, label: clip.label, start, end, wholeLength: end - start }],
    ...(sliding && {
      ends: drawWindowEnds(audio.samples.length, {
        phraseStart: start,
        phraseEnd: end,
        windowLength,
        count,
        fromHeard,
        after,
        random: random.fork("windows"),
      }),
    }),
    clip: { clip: clip.path, speaker: clip.speaker, copy },
  };
}

/** Resources with only speech of the same voice, if there is any, to put around a phrase. */
function nearVoice({ resources }: AudioMaker, speaker: string): AugmentResources {
  const same = resources.speech.filter((clip) => clip.speaker === speaker);
  return same.length > 0 ? { ...resources, speech: same } : resources;
}

function makeNegative({ maker, random, clip, samples, copy }: MakingClip): LabelledAudio {
  const { settings, plan, resources, windowLength } = maker;
  const after = renderedAfter(settings);
  const shard = { clip: clip.path, speaker: clip.speaker, copy };
  const config = settings.augmentation;
  if (copy < 0 || plan.kind === "noise") {
    const before = Math.max(0, windowLength - samples.length);
    const isLong = samples.length >= windowLength + after;
    const padded = isLong
      ? samples
      : padWithRoomTone(samples, { before, after, random: random.fork("tone") });
    return {
      samples: copy < 0 ? padded : augmentChannel(padded, { config, random, resources }).samples,
      commands: [],
      clip: shard,
    };
  }
  const placement = { kind: "stretch", before: windowLength, after, jitter: 1280 } as const;
  const audio = augment(
    { samples, text: clip.text },
    { config, random, resources: nearVoice(maker, clip.speaker), placement },
  );
  return { samples: audio.samples, commands: [], clip: shard };
}

async function makeRecording(
  clips: readonly ClipRef[],
  { maker, random, copy }: Making & { copy: number },
): Promise<LabelledAudio> {
  const { settings, resources, windowLength } = maker;
  const [first] = clips;
  const parts: Float32Array[] = [];
  const commands: SceneInterval[] = [];
  let place = windowLength;
  for (const [i, clip] of clips.entries()) {
    const samples = await maker.readClip(clip);
    const leadIn = Number(clip.provenance.leadIn ?? 0);
    // The lead-in of a clip is the end of the clip before, so only the first clip's lead-in is kept.
    const part = samples.subarray(i === 0 ? 0 : leadIn);
    const start = place + (i === 0 ? leadIn : 0);
    place += part.length;
    parts.push(part);
    if (settings.labels.includes(clip.label))
      commands.push({ name: clip.path, label: clip.label, start, end: place, wholeLength: place - start });
  }
  const joined = padWithRoomTone(joinFloats(parts), {
    before: windowLength,
    after: 0,
    random: random.fork("tone"),
  });
  const config = settings.augmentation;
  const spans = commands.length > 0 ? { spans: commands } : {};
  const samples = copy < 0 ? joined : augmentChannel(joined, { config, random, resources, ...spans }).samples;
  return { samples, commands, clip: { clip: first!.path, speaker: first!.speaker, copy } };
}

function makeScene(scene: number, { maker, random }: Making): LabelledAudio {
  const { settings, plan, resources, commands } = maker;
  const { seconds, commandShare } = settings.scenes;
  const made = buildScene({
    length: Math.round(seconds * 16_000),
    commands,
    talk: resources.speech,
    commandShare,
    maxCommandLength: longestPhrase(settings.windowing, settings.afterSeconds),
    config: settings.augmentation,
    random,
    resources,
  });
  const name = `scene/${plan.split}/${scene}`;
  return {
    samples: made.samples,
    commands: made.commands,
    clip: { clip: name, speaker: "several", copy: 0 },
  };
}

/** Pads audio with room tone, without augmentation. */
function placeClean(
  audio: PhraseAudio,
  { before, after, random }: { before: number; after: number; random: Random },
): PhraseAudio {
  return {
    samples: padWithRoomTone(audio.samples, { before, after, random: random.fork("tone") }),
    phraseStart: before + audio.phraseStart,
    phraseEnd: before + audio.phraseEnd,
  };
}
