import {
  augmentCodec,
  buildScene,
  createJoinTest,
  createRandom,
  type DataConfig,
  type NamedSamples,
  type Random,
  type SceneClip,
} from "@callsign/data/internal";
import { CallsignError, fromMagnitudes, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { type Progress } from "@callsign/infer/internal";

import { throwIfAborted } from "../abort.ts";
import type { ChallengeTruth, CommandInterval } from "../challenge/truth.ts";
import { openSpeakers, readClipName, speakCommands, speakTalk } from "./speakers.ts";

/** A synthesized conversation that contains commands, with their positions. */
export interface Conversation {
  /** 16 kHz. */
  readonly samples: Float32Array;
  /** In the challenge's format; `text` is the command's label. */
  readonly truth: ChallengeTruth;
  /** All utterances, in order of time. */
  readonly said: readonly { readonly startSample: number; readonly text: string; readonly voice: string }[];
}

export interface ConversationOptions {
  /** Config of the detector: commands, speech engines, splits of the voices, augmentation. */
  readonly config: DataConfig;
  /** Duration of all clips together; each clip is a whole number of half minutes, at least one. */
  readonly minutes: number;
  readonly clips: number;
  readonly seed: string;
  /** Probability that an utterance is a command, above 0.001 to 1. */
  readonly commandShare: number;
  /** Background recordings, mixed in according to the config's augmentation. */
  readonly noises?: readonly NamedSamples[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes conversations unseen by a detector of this config: voices of the split `test`, sentences that are not in its
 * training data. Each contains at least one command. A clip depends only on the seed and its index.
 * @throws CallsignError `SYNTHESIS_FAILED`, `CONFIG_INVALID`, `INVALID_ARGUMENT`, `ABORTED`
 */
export async function* makeConversations(
  options: ConversationOptions,
  keep: (conversation: Conversation, clip: number) => Promise<void>,
): AsyncGenerator<Progress> {
  checkOptions(options);
  const { clips, minutes } = options;
  const random = createRandom(options.seed).fork("conversation");
  const parts = Math.max(1, Math.round((minutes * 60) / PART_SECONDS / clips));
  const total = clips * parts;
  const speakers = await openSpeakers(options.config);
  try {
    for (let clip = 0; clip < clips; clip++) {
      const own = random.fork(clip);
      const talk: SceneClip[] = [];
      const commands: SceneClip[] = [];
      for (let part = 0; part < parts; part++) {
        throwIfAborted(options.signal, "conversation");
        talk.push(...(await speakTalk(speakers, own.fork(part).fork("talk"))));
        commands.push(...(await speakCommands(speakers, own.fork(part).fork("commands"))));
        yield { stage: "conversation", done: clip * parts + part + 1, total, unit: "half minutes" };
      }
      const length = parts * PART_SECONDS * SAMPLE_RATE_HZ;
      await keep(await makeScene({ ...options, length, talk, commands, random: own }), clip);
    }
  } finally {
    await Promise.all(speakers.engines.map(({ engine }) => engine.dispose()));
  }
}

/** For each part of a clip new voices speak. */
const PART_SECONDS = 30;
/** Frame length of the challenge, in samples. */
const FRAME_LENGTH = 512;

interface SceneOptions extends Pick<ConversationOptions, "config" | "commandShare" | "noises"> {
  readonly length: number;
  readonly talk: readonly SceneClip[];
  readonly commands: readonly SceneClip[];
  readonly random: Random;
}

/** One scene with one level, room, noise and channel, so that a clip sounds like one recording. */
async function makeScene(options: SceneOptions): Promise<Conversation> {
  const { length, talk, commands, random, commandShare, noises } = options;
  const { labels, data } = options.config;
  const config = data.augmentation;
  const phrases = labels.flatMap((label) => label.phrases);
  const joins = createJoinTest(phrases);
  // Nobody says one command right after another, and a detector ignores its label for a while after a detection.
  const isCommand = (text: string | undefined): boolean => phrases.some((phrase) => phrase === text);
  const makesPhrase = (texts: readonly (string | undefined)[]): boolean =>
    joins(texts) || texts.slice(-2).filter(isCommand).length === 2;
  for (let attempt = 0; ; attempt++) {
    const made = buildScene({
      length,
      commands,
      talk,
      commandShare,
      pauseSeconds: { least: 0.3, mean: 0.7 },
      config,
      random: random.fork("scene").fork(attempt),
      resources: { talkers: talk, makesPhrase, ...(noises && { noises }) },
    });
    // The end of the clip may cut off the last one.
    const whole = made.commands.filter(({ start, end, wholeLength }) => end - start === wholeLength);
    if (whole.length === 0) continue;
    const intervals = [...made.commands, ...made.talk].toSorted((a, b) => a.start - b.start);
    return {
      samples: fromMagnitudes(await augmentCodec(made.samples, { config, random: random.fork("codec") })),
      truth: truthOf(
        length,
        whole.map(({ label, start, end }) => ({
          startSample: start,
          endSample: end - 1,
          ...(label !== undefined && { text: label }),
        })),
      ),
      said: intervals.map(({ name, start }) => ({ startSample: start, ...readClipName(name) })),
    };
  }
}

const truthOf = (numSamples: number, commands: readonly CommandInterval[]): ChallengeTruth => ({
  sampleRateHz: SAMPLE_RATE_HZ,
  frameLength: FRAME_LENGTH,
  numSamples,
  commands,
});

function checkOptions({ minutes, clips, commandShare }: ConversationOptions): void {
  const refuse = (what: string): never => {
    throw new CallsignError("INVALID_ARGUMENT", `conversation: ${what}`);
  };
  if (!(minutes > 0 && minutes <= 10_000)) refuse(`minutes must be above 0 to 10,000, got ${minutes}`);
  if (!(Number.isInteger(clips) && clips >= 1 && clips <= 10_000))
    refuse(`clips must be a whole number of 1 to 10,000, got ${clips}`);
  if (!(commandShare > 0.001 && commandShare <= 1))
    refuse(`the share of commands must be above 0.001 to 1, got ${commandShare}`);
}
