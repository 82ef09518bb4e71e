import { CallsignError } from "@callsign/audio/internal";

import type { Random } from "../random.ts";
import type { PhraseInterval } from "../labelling/heard.ts";
import { augmentChannel } from "./augment-channel.ts";
import type { AugmentConfig } from "../config/augment-config.ts";
import type { AugmentResources, AugmentStep } from "./augment-step.ts";
import { augmentVoice } from "./augment-voice.ts";
import { activeLevel, magnitudeAt, scaled } from "./dsp/level.ts";
import type { PhraseClip } from "./phrase-audio.ts";
import { addAt } from "./place-phrase.ts";

/** A clip that a scene may use. */
export interface SceneClip extends PhraseClip {
  /** Name that the scene's intervals carry. */
  readonly name: string;
  /** Label of a command; absent for talk. */
  readonly label?: string;
}

export interface SceneOptions {
  /** Samples at 16 kHz. */
  readonly length: number;
  /** Clips with labels. */
  readonly commands: readonly SceneClip[];
  /** Clips of other speech. */
  readonly talk: readonly SceneClip[];
  /** Probability that an utterance is a command. Default 0.35, as in the trials. */
  readonly commandShare?: number;
  /** Silence before each utterance: `least` plus an exponential draw with this mean. */
  readonly pauseSeconds?: { readonly least: number; readonly mean: number };
  /** Range of the scene's level, around which the active level of each utterance varies by 6 dB up or down. */
  readonly levelDbfs?: readonly [number, number];
  /** Maximum length of a command after augmentation, in samples; longer ones are drawn again. Default: no limit. */
  readonly maxCommandLength?: number;
  readonly config: AugmentConfig;
  readonly random: Random;
  readonly resources?: AugmentResources;
}

/** An utterance in a scene. */
export interface SceneInterval extends PhraseInterval {
  readonly name: string;
}

/** Several seconds of talk, silence and commands, with the intervals of all utterances. */
export interface Scene {
  readonly samples: Float32Array;
  /** In order of time, none overlapping. */
  readonly commands: readonly SceneInterval[];
  readonly talk: readonly SceneInterval[];
  readonly parameters: readonly AugmentStep[];
}

/**
 * Builds a scene: utterances one after another, each with its own augmented voice and level, then one room, noise and channel
 * over all of them. The signal-to-noise ratio holds over each command, not over the whole scene, since the levels of utterances
 * differ. Consecutive utterances do not make a phrase when joined. The end of the
 * scene may cut off the last utterance.
 * @throws CallsignError INVALID_ARGUMENT without any clip to draw
 */
export function buildScene(options: SceneOptions): Scene {
  const { length, config, random, resources = {}, pauseSeconds = DEFAULT_PAUSE } = options;
  if (options.commands.length + options.talk.length === 0) throw empty();
  const samples = new Float32Array(length);
  const commands: SceneInterval[] = [];
  const talk: SceneInterval[] = [];
  const parameters: AugmentStep[] = [];
  const timing = random.fork("timing");
  const pause = (): number => {
    const seconds = pauseSeconds.least - pauseSeconds.mean * Math.log(1 - timing.next());
    return Math.max(1, Math.round(seconds * 16_000));
  };
  // The scene begins at a random point of the first pause.
  let place = Math.floor(pause() * timing.next());
  const sceneLevelDbfs = random.fork("level").uniform(...(options.levelDbfs ?? DEFAULT_LEVEL));
  const texts: (string | undefined)[] = [];
  for (let turn = 0; place < length; turn++) {
    const spoken = speak(options, { random: random.fork(turn), sceneLevelDbfs, before: texts.slice(-3) });
    if (spoken === undefined) {
      place += pause();
      continue;
    }
    texts.push(spoken.clip.text);
    addAt(samples, { samples: spoken.samples, at: place });
    const start = place + spoken.phraseStart;
    const wholeLength = spoken.phraseEnd - spoken.phraseStart;
    const { name, label } = spoken.clip;
    const interval = { name, label, start, end: Math.min(length, start + wholeLength), wholeLength };
    if (interval.end > start) (label === undefined ? talk : commands).push(interval);
    parameters.push({
      step: "utterance",
      name,
      at: place,
      levelDbfs: spoken.levelDbfs,
      voice: spoken.parameters,
    });
    place += spoken.samples.length + pause();
  }
  // A command cut off by the end is not a positive.
  const spans = commands.filter(({ start, end, wholeLength }) => end - start === wholeLength);
  const channel = augmentChannel(samples, {
    config,
    random: random.fork("channel"),
    resources,
    ...(spans.length > 0 && { spans }),
  });
  return { samples: channel.samples, commands, talk, parameters: [...parameters, ...channel.parameters] };
}

/** As in the trials: 50 ms and, on average, 375 ms more. */
const DEFAULT_PAUSE = { least: 0.05, mean: 0.375 };
const DEFAULT_SHARE = 0.35;
const DEFAULT_LEVEL: readonly [number, number] = [-38, -18];

/** Draws of an utterance, since some commands are too long and some texts make a phrase with those before. */
const MAX_UTTERANCE_DRAWS = 8;
/** Greatest difference between an utterance's level and the scene's. */
const LEVEL_SPREAD_DB = 6;

interface Speaking {
  readonly random: Random;
  readonly sceneLevelDbfs: number;
  /** Texts of the utterances before. */
  readonly before: readonly (string | undefined)[];
}

/** Draws an utterance; undefined if none of the draws is allowed. */
function speak(options: SceneOptions, { random, sceneLevelDbfs, before }: Speaking) {
  const { commands, talk, commandShare = DEFAULT_SHARE, config, resources = {} } = options;
  const { maxCommandLength = Infinity } = options;
  for (let draw = 0; draw < MAX_UTTERANCE_DRAWS; draw++) {
    const own = draw === 0 ? random : random.fork("again").fork(draw);
    const command = talk.length === 0 || (commands.length > 0 && own.next() < commandShare);
    const clip = own.choice(command ? commands : talk);
    if (resources.makesPhrase?.([...before, clip.text]) === true) continue;
    const voice = augmentVoice(clip, { config, random: own });
    if (command && voice.phraseEnd - voice.phraseStart > maxCommandLength) continue;
    const levelDbfs = sceneLevelDbfs + own.uniform(-LEVEL_SPREAD_DB, LEVEL_SPREAD_DB);
    const now = activeLevel(voice.samples);
    const gain = now === 0 ? 0 : magnitudeAt(levelDbfs) / now;
    return { ...voice, clip, levelDbfs, samples: scaled(voice.samples, gain) };
  }
  return undefined;
}

const empty = (): CallsignError =>
  new CallsignError(
    "INVALID_ARGUMENT",
    "scene: expected at least one clip of a command or of talk, got none",
  );
