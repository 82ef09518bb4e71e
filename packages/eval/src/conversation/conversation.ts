import {
  buildScene,
  createRandom,
  type DataConfig,
  type NamedSamples,
  type Random,
} from "@callsign/data/internal";
import { CallsignError, fromMagnitudes, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { type Progress } from "@callsign/infer/internal";

import { throwIfAborted } from "../abort.ts";
import type { ChallengeTruth, CommandInterval } from "../challenge/truth.ts";
import {
  openSpeakers,
  readClipName,
  type Speakers,
  speakCommands,
  speakTalk,
} from "./conversation-speakers.ts";

/** A synthesized conversation with commands in it, and where they are. */
export interface Conversation {
  /** 16 kHz. */
  readonly samples: Float32Array;
  /** In the challenge's format; `text` is the command's label. */
  readonly truth: ChallengeTruth;
  /** Everything that is said, in order. */
  readonly said: readonly { readonly startSample: number; readonly text: string; readonly voice: string }[];
}

export interface ConversationOptions {
  /** The detector's config: its commands, its engines, its split of the voices, its augmentation. */
  readonly config: DataConfig;
  /** All clips together; each is a whole number of half minutes, at least one. */
  readonly minutes: number;
  readonly clips: number;
  readonly seed: string;
  /** Chance that the next to speak says a command, above 0 to 1. */
  readonly commandShare: number;
  /** Recordings for the background, mixed in as the config's augmentation says. */
  readonly noises?: readonly NamedSamples[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes conversations that a detector of this config cannot know: spoken by voices of the split `test`, in sentences
 * that its data does not have. Each has at least one command. A clip depends on the seed and its own number alone.
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
/** The challenge's. */
const FRAME_LENGTH = 512;

interface SceneOptions extends Pick<ConversationOptions, "commandShare" | "noises"> {
  readonly random: Random;
  readonly needsCommand: boolean;
}

async function makeScene(speakers: Speakers, options: SceneOptions): Promise<Conversation> {
  const { random, commandShare, noises } = options;
  const talk = await speakTalk(speakers, random.fork("talk"));
  const commands = await speakCommands(speakers, random.fork("commands"));
  for (let attempt = 0; ; attempt++) {
    const made = buildScene({
      length: SCENE_LENGTH,
      commands,
      talk,
      commandShare,
      pauseSeconds: { least: 0.3, mean: 0.7 },
      config: speakers.config.data.augmentation,
      random: random.fork("scene").fork(attempt),
      ...(noises && { resources: { noises } }),
    });
    if (options.needsCommand && made.commands.length === 0) continue;
    const intervals = [...made.commands, ...made.talk].toSorted((a, b) => a.start - b.start);
    return {
      samples: fromMagnitudes(made.samples),
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

/** One after another. */
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
