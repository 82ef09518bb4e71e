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
  /** Range of the active level of an utterance. */
  readonly levelDbfs?: readonly [number, number];
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
 * over all of them. The end of the scene may cut off the last utterance.
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
  for (let turn = 0; place < length; turn++) {
    const spoken = speak(options, random.fork(turn));
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
  const channel = augmentChannel(samples, { config, random: random.fork("channel"), resources });
  return { samples: channel.samples, commands, talk, parameters: [...parameters, ...channel.parameters] };
}

/** As in the trials: 50 ms and, on average, 375 ms more. */
const DEFAULT_PAUSE = { least: 0.05, mean: 0.375 };
const DEFAULT_SHARE = 0.35;
const DEFAULT_LEVEL: readonly [number, number] = [-38, -18];

function speak(
  { commands, talk, commandShare = DEFAULT_SHARE, levelDbfs = DEFAULT_LEVEL, config }: SceneOptions,
  random: Random,
) {
  const command = talk.length === 0 || (commands.length > 0 && random.next() < commandShare);
  const clip = random.choice(command ? commands : talk);
  const voice = augmentVoice(clip, { config, random });
  const level = random.uniform(...levelDbfs);
  const now = activeLevel(voice.samples);
  const gain = now === 0 ? 0 : magnitudeAt(level) / now;
  return { ...voice, clip, levelDbfs: level, samples: scaled(voice.samples, gain) };
}

const empty = (): CallsignError =>
  new CallsignError(
    "INVALID_ARGUMENT",
    "scene: expected at least one clip of a command or of talk, got none",
  );
