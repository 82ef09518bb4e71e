import type { Random } from "../random.ts";
import { augmentChannel } from "./augment-channel.ts";
import type { AugmentConfig } from "../config/augment-config.ts";
import type { AugmentResources, AugmentStep } from "./augment-step.ts";
import { augmentVoice } from "./augment-voice.ts";
import { activeLevel, decibelsToGain } from "./dsp/level.ts";
import type { PhraseAudio, PhraseClip } from "./phrase-audio.ts";
import { addAt, placePhrase, type Placement } from "./place-phrase.ts";

/** Options of `augment`. */
export interface AugmentOptions {
  readonly config: AugmentConfig;
  readonly random: Random;
  readonly resources?: AugmentResources;
  /** Place of the augmented phrase. Default: the whole clip. */
  readonly placement?: Placement;
}

/** An augmented clip, the position of its phrase, and all values that were drawn. */
export interface AugmentedAudio extends PhraseAudio {
  readonly parameters: readonly AugmentStep[];
}

/**
 * Augments a clip as people, rooms and microphones vary: the voice (`augmentVoice`), its place in a window, speech
 * before and after, then the channel over all of it (`augmentChannel`). The same seed, config and resources give the
 * same samples. The input is not changed.
 * @throws CallsignError INVALID_ARGUMENT when the phrase does not lie inside the clip
 */
export function augment(clip: PhraseClip, options: AugmentOptions): AugmentedAudio {
  const { config, random, resources = {}, placement = { kind: "whole" } } = options;
  const voice = augmentVoice(clip, { config, random });
  const placed = placePhrase(voice, { placement, random: random.fork("placement") });
  const around = addSpeechAround(placed, {
    config: config.speechAround,
    random: random.fork("speech around"),
    resources,
  });
  const channel = augmentChannel(around.samples, { config, random, resources });
  const place: AugmentStep = {
    step: "placement",
    ...placement,
    phraseStart: placed.phraseStart,
    phraseEnd: placed.phraseEnd,
  };
  return {
    samples: channel.samples,
    phraseStart: placed.phraseStart,
    phraseEnd: placed.phraseEnd,
    parameters: [...voice.parameters, place, ...around.parameters, ...channel.parameters],
  };
}

interface AroundOptions {
  readonly config: AugmentConfig["speechAround"];
  readonly random: Random;
  readonly resources: AugmentResources;
}

function addSpeechAround(
  audio: PhraseAudio,
  { config, random, resources: { speech = [] } }: AroundOptions,
): { samples: Float32Array; parameters: AugmentStep[] } {
  const samples = audio.samples.slice();
  const parameters: AugmentStep[] = [];
  for (const side of ["before", "after"] as const) {
    const own = random.fork(side);
    if (own.next() >= config[side] || speech.length === 0) continue;
    const neighbour = own.choice(speech);
    const gap = Math.round(own.uniform(...config.gapSeconds) * 16_000);
    const levelDb = own.uniform(...config.levelDb);
    const neighbourLevel = activeLevel(neighbour.samples);
    if (neighbourLevel === 0) continue;
    const level = activeLevel(audio.samples.subarray(audio.phraseStart, audio.phraseEnd));
    const at = side === "before" ? audio.phraseStart - gap - neighbour.samples.length : audio.phraseEnd + gap;
    addAt(samples, {
      samples: neighbour.samples,
      at,
      gain: (level / neighbourLevel) * decibelsToGain(levelDb),
    });
    parameters.push({ step: `speech ${side}`, recording: neighbour.name, at, levelDb });
  }
  return { samples, parameters };
}
