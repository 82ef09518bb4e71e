import {
  augmentCodec,
  buildScene,
  createJoinTest,
  createRandom,
  type DataConfig,
  type NamedSamples,
  type Random,
} from "@callsign/data/internal";
import { CallsignError, fromMagnitudes, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { type Progress } from "@callsign/infer/internal";

import { throwIfAborted } from "../abort.ts";
import type { ChallengeTruth, CommandInterval } from "../challenge/truth.ts";
import { openSpeakers, readClipName, type Speakers, speakCommands, speakTalk } from "./speakers.ts";

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
  const scenes = Math.max(1, Math.round((minutes * 60) / SCENE_SECONDS / clips));
  const total = clips * scenes;
  const speakers = await openSpeakers(options.config);
  try {
    for (let clip = 0; clip < clips; clip++) {
      const parts: Conversation[] = [];
      for (let scene = 0; scene < scenes; scene++) {
        throwIfAborted(options.signal, "conversation");
        const own = random.fork(clip).fork(scene);
        const needsCommand = scene === scenes - 1 && parts.every(({ truth }) => truth.commands.length === 0);
        parts.push(await makeScene(speakers, { ...options, random: own, needsCommand }));
        yield { stage: "conversation", done: clip * scenes + scene + 1, total, unit: "scenes" };
      }
      await keep(join(parts), clip);
    }
  } finally {
    await Promise.all(speakers.engines.map(({ engine }) => engine.dispose()));
  }
}

const SCENE_SECONDS = 30;
const SCENE_LENGTH = SCENE_SECONDS * SAMPLE_RATE_HZ;
/** Frame length of the challenge, in samples. */
const FRAME_LENGTH = 512;

interface SceneOptions extends Pick<ConversationOptions, "commandShare" | "noises"> {
  readonly random: Random;
  readonly needsCommand: boolean;
}

async function makeScene(speakers: Speakers, options: SceneOptions): Promise<Conversation> {
  const { random, commandShare, noises } = options;
  const talk = await speakTalk(speakers, random.fork("talk"));
  const commands = await speakCommands(speakers, random.fork("commands"));
  const { labels, data } = speakers.config;
  const config = data.augmentation;
  const makesPhrase = createJoinTest(labels.flatMap(({ phrases }) => phrases));
  for (let attempt = 0; ; attempt++) {
    const made = buildScene({
      length: SCENE_LENGTH,
      commands,
      talk,
      commandShare,
      pauseSeconds: { least: 0.3, mean: 0.7 },
      config,
      random: random.fork("scene").fork(attempt),
      resources: { talkers: talk, makesPhrase, ...(noises && { noises }) },
    });
    if (options.needsCommand && made.commands.length === 0) continue;
    const intervals = [...made.commands, ...made.talk].toSorted((a, b) => a.start - b.start);
    return {
      samples: fromMagnitudes(await augmentCodec(made.samples, { config, random: random.fork("codec") })),
      truth: truthOf(
        SCENE_LENGTH,
        made.commands.map(({ label, start, end }) => ({
          startSample: start,
          endSample: end - 1,
          ...(label !== undefined && { text: label }),
        })),
      ),
      said: intervals.map(({ name, start }) => ({ startSample: start, ...readClipName(name) })),
    };
  }
}

/** Concatenates scenes into one conversation. */
function join(parts: readonly Conversation[]): Conversation {
  const samples = new Float32Array(parts.length * SCENE_LENGTH);
  for (const [i, part] of parts.entries()) samples.set(part.samples, i * SCENE_LENGTH);
  const commands = parts.flatMap(({ truth }, i) =>
    truth.commands.map((command) => ({
      ...command,
      startSample: command.startSample + i * SCENE_LENGTH,
      endSample: command.endSample + i * SCENE_LENGTH,
    })),
  );
  const said = parts.flatMap((part, i) =>
    part.said.map((one) => ({ ...one, startSample: one.startSample + i * SCENE_LENGTH })),
  );
  return { samples, truth: truthOf(samples.length, commands), said };
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
