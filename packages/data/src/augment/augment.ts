import type { Random } from "../random.ts";
import { augmentChannel } from "./augment-channel.ts";
import type { AugmentConfig } from "../config/augment-config.ts";
import type { AugmentResources, AugmentStep, NamedSamples } from "./augment-step.ts";
import { augmentVoice } from "./augment-voice.ts";
import { activeLevel, decibelsToGain } from "./dsp/level.ts";
import type { PhraseAudio, PhraseClip } from "./phrase-audio.ts";
import { addAt, longestPhraseOf, placePhrase, type Placement } from "./place-phrase.ts";

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

type UnboundedPlacement = Exclude<Placement, { readonly kind: "window-end" }>;

/**
 * Augments a clip as people, rooms and microphones vary: the voice (`augmentVoice`), its place in a window, speech
 * before and after, then the channel over all of it (`augmentChannel`). The same seed, config and resources give the
 * same samples. The input is not changed.
 * @returns undefined if the phrase was longer than the window in each of 8 draws of the voice
 * @throws CallsignError INVALID_ARGUMENT when the phrase does not lie inside the clip
 */
export function augment(
  clip: PhraseClip,
  options: AugmentOptions & { readonly placement?: UnboundedPlacement },
): AugmentedAudio;
export function augment(clip: PhraseClip, options: AugmentOptions): AugmentedAudio | undefined;
export function augment(clip: PhraseClip, options: AugmentOptions): AugmentedAudio | undefined {
  const { config, random, resources = {}, placement = { kind: "whole" } } = options;
  const voice = fittingVoice(clip, { config, random, longest: longestPhraseOf(placement) });
  if (voice === undefined) return undefined;
  const placed = placePhrase(voice, { placement, random: random.fork("placement") });
  const around = addSpeechAround(placed, {
    config: config.speechAround,
    random: random.fork("speech around"),
    resources,
    text: clip.text,
  });
  const span = { start: placed.phraseStart, end: placed.phraseEnd };
  const channel = augmentChannel(around.samples, { config, random, resources, spans: [span] });
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

/** Draws of the voice before a phrase that is too long for the window is given up. */
const MAX_VOICE_DRAWS = 8;

/** The first draw of the voice that makes the phrase no longer than `longest`. */
function fittingVoice(
  clip: PhraseClip,
  { config, random, longest }: { config: AugmentConfig; random: Random; longest: number },
): ReturnType<typeof augmentVoice> | undefined {
  for (let draw = 0; draw < MAX_VOICE_DRAWS; draw++) {
    const own = draw === 0 ? random : random.fork("voice again").fork(draw);
    const voice = augmentVoice(clip, { config, random: own });
    if (voice.phraseEnd - voice.phraseStart <= longest) return voice;
  }
  return undefined;
}

interface AroundOptions {
  readonly config: AugmentConfig["speechAround"];
  readonly random: Random;
  readonly resources: AugmentResources;
  readonly text: string | undefined;
}

/** Gap that is heard as no pause, in seconds: about as long as the closure of a stop consonant. */
const NO_PAUSE: readonly [number, number] = [0, 0.08];

/** Draws of a neighbour that would not make a phrase together with the clip. */
const MAX_NEIGHBOUR_DRAWS = 8;

function addSpeechAround(
  audio: PhraseAudio,
  { config, random, resources: { speech = [], makesPhrase = () => false }, text }: AroundOptions,
): { samples: Float32Array; parameters: AugmentStep[] } {
  const samples = audio.samples.slice();
  const parameters: AugmentStep[] = [];
  const texts = [text];
  for (const side of ["before", "after"] as const) {
    const own = random.fork(side);
    if (own.next() >= config[side] || speech.length === 0) continue;
    const joined = (neighbour: NamedSamples) =>
      side === "before" ? [neighbour.text, ...texts] : [...texts, neighbour.text];
    const pause = own.fork("close").next() < config.closeShare ? NO_PAUSE : config.gapSeconds;
    const gap = Math.round(own.uniform(...pause) * 16_000);
    const levelDb = own.uniform(...config.levelDb);
    let neighbour = own.choice(speech);
    for (let draw = 1; draw < MAX_NEIGHBOUR_DRAWS && makesPhrase(joined(neighbour)); draw++)
      neighbour = own.choice(speech);
    const neighbourLevel = activeLevel(neighbour.samples);
    if (neighbourLevel === 0 || makesPhrase(joined(neighbour))) continue;
    texts.splice(0, texts.length, ...joined(neighbour));
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
