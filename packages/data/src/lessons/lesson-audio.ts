import { augmentChannel } from "../augment/augment-channel.ts";
import { augmentCodec } from "../augment/augment-codec.ts";
import type { NamedSamples } from "../augment/augment-step.ts";
import { buildScene, type SceneClip } from "../augment/scene.ts";
import { type AugmentConfig, onlyAugment } from "../config/augment-config.ts";
import type { Random } from "../random.ts";
import type { LessonConfig } from "./lesson-config.ts";
import type { SpokenWord } from "./lesson-words.ts";

/** The same talk twice, sample for sample at the same time. Int16 magnitudes, 16 kHz. */
export interface LessonAudio {
  /** As spoken, at its level: no room, noise, microphone or codec. */
  readonly clean: Float32Array;
  /** As a microphone has it. */
  readonly recorded: Float32Array;
  /** Utterances of a single word that end in the lesson. */
  readonly words: readonly SpokenWord[];
}

export interface LessonAudioOptions {
  /** Utterances to draw from, their voices already augmented; those with a text are single words. */
  readonly talk: readonly SceneClip[];
  readonly noises: readonly NamedSamples[];
  readonly config: Pick<LessonConfig, "seconds" | "levelDbfs" | "augmentation">;
  readonly random: Random;
}

/**
 * Draws the audio of a lesson. What makes another speech of it is in both versions: voices, their levels, and a single person
 * from a loudspeaker, whom nothing tells from one in the room. Steps of the channel do not delay the audio.
 */
export async function makeLessonAudio({
  talk,
  noises,
  config: { seconds, levelDbfs, augmentation },
  random,
}: LessonAudioOptions): Promise<LessonAudio> {
  const scene = buildScene({
    length: Math.round(seconds * SAMPLE_RATE_HZ),
    commands: [],
    talk,
    levelDbfs,
    pauseSeconds: { least: 0.05, mean: 10 ** random.fork("pauses").uniform(...LOG_PAUSE) },
    config: SPOKEN,
    random,
  });
  const resources = { noises, talkers: talk };
  const { samples: clean } = augmentChannel(scene.samples, {
    config: { ...SPOKEN, loudspeaker: augmentation.loudspeaker },
    random: random.fork("spoken"),
    resources,
  });
  const { samples: channel } = augmentChannel(clean, {
    config: { ...augmentation, loudspeaker: SPOKEN.loudspeaker, gain: SPOKEN.gain },
    random: random.fork("recorded"),
    resources,
  });
  const texts = new Map(talk.map(({ name, text }) => [name, text]));
  const words = scene.talk.flatMap(({ name, start, end, wholeLength }): SpokenWord[] => {
    const text = texts.get(name);
    return text === undefined || end - start < wholeLength ? [] : [{ text, start, end }];
  });
  return { clean, recorded: await augmentCodec(channel, { config: augmentation, random }), words };
}

const SAMPLE_RATE_HZ = 16_000;
const SPOKEN: AugmentConfig = onlyAugment();
/** Mean pause of a lesson, from 0.2 s (talk without end) to 2 s (the background alone), as a power of ten. */
const LOG_PAUSE = [Math.log10(0.2), Math.log10(2)] as const;
