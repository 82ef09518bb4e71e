import {
  assignSplit,
  buildScene,
  createRandom,
  createSpeechEngines,
  type DataConfig,
  drawSentence,
  drawUtterance,
  makeAttempt,
  planTexts,
  type Random,
  type SceneClip,
  type WeightedEngine,
} from "@callsign/data";
import { CallsignError, type Progress, SAMPLE_RATE_HZ } from "@callsign/infer";

import type { ChallengeTruth, CommandInterval } from "./challenge-truth.ts";

/** A synthesized conversation with commands in it, and where they are. */
export interface Conversation {
  /** 16 kHz, int16 magnitudes. */
  readonly samples: Float32Array;
  /** In the challenge's format; `text` is the command's label. */
  readonly truth: ChallengeTruth;
  /** Everything that is said, in order. */
  readonly said: readonly { readonly startSample: number; readonly text: string; readonly voice: string }[];
}

export interface ConversationOptions {
  /** The detector's config: its commands, its engines, and its split of the voices. */
  readonly config: DataConfig;
  readonly minutes: number;
  readonly seed: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a conversation that a detector of this config cannot know: spoken by voices of the split `test`, in sentences
 * that its data does not have. @throws CallsignError `SYNTHESIS_FAILED`, `CONFIG_INVALID`, `ABORTED`
 */
export async function* makeConversation(
  options: ConversationOptions,
): AsyncGenerator<Progress, Conversation> {
  const { config, minutes, signal } = options;
  const random = createRandom(options.seed).fork("conversation");
  const engines = await createSpeechEngines(config.data.engines);
  const avoid = new Set((await planTexts({ config })).flatMap(({ texts }) => texts));
  const scenes = Math.max(1, Math.round((minutes * 60) / SCENE_SECONDS));
  const length = SCENE_SECONDS * SAMPLE_RATE_HZ;
  const samples = new Float32Array(scenes * length);
  const commands: CommandInterval[] = [];
  const said: { startSample: number; text: string; voice: string }[] = [];
  try {
    for (let scene = 0; scene < scenes; scene++) {
      if (signal?.aborted)
        throw new CallsignError("ABORTED", "conversation: stopped", { cause: signal.reason });
      const own = random.fork(scene);
      const speaker = { config, engines, avoid };
      const talk = await speakTalk(speaker, own.fork("talk"));
      const spoken = await speakCommands(speaker, own.fork("commands"));
      const made = buildScene({
        length,
        commands: spoken,
        talk,
        commandShare: COMMAND_SHARE,
        pauseSeconds: { least: 0.3, mean: 0.7 },
        config: config.data.augmentation,
        random: own.fork("scene"),
      });
      const start = scene * length;
      samples.set(made.samples, start);
      for (const { label, start: from, end } of made.commands)
        commands.push({
          startSample: start + from,
          endSample: start + end - 1,
          ...(label !== undefined && { text: label }),
        });
      const intervals = [...made.commands, ...made.talk].toSorted((a, b) => a.start - b.start);
      for (const { name, start: from } of intervals) {
        const [voice = "", text = ""] = name.split("\n");
        said.push({ startSample: start + from, text, voice });
      }
      yield { stage: "conversation", done: scene + 1, total: scenes, unit: "scenes" };
    }
  } finally {
    await Promise.all(engines.map(({ engine }) => engine.dispose()));
  }
  const truth = {
    sampleRateHz: SAMPLE_RATE_HZ,
    frameLength: FRAME_LENGTH,
    numSamples: samples.length,
    commands,
  };
  return { samples, truth, said };
}

const SCENE_SECONDS = 30;
/** The challenge's. */
const FRAME_LENGTH = 512;
const COMMAND_SHARE = 0.35;
const SENTENCES_A_SCENE = 10;

interface Speaker {
  readonly config: DataConfig;
  readonly engines: readonly WeightedEngine[];
  /** Texts of the training. */
  readonly avoid: ReadonlySet<string>;
}

async function speakTalk(speaker: Speaker, random: Random): Promise<SceneClip[]> {
  const clips: SceneClip[] = [];
  for (let turn = 0; clips.length < SENTENCES_A_SCENE && turn < 10 * SENTENCES_A_SCENE; turn++) {
    const own = random.fork(turn);
    const text = drawSentence(own);
    const clip = speaker.avoid.has(text) ? undefined : await speak(speaker, text, own);
    if (clip !== undefined) clips.push(clip);
  }
  if (clips.length > 0) return clips;
  throw new CallsignError("SYNTHESIS_FAILED", "conversation: no engine spoke a sentence of it");
}

/** Each phrase of each label once. */
async function speakCommands(speaker: Speaker, random: Random): Promise<SceneClip[]> {
  const clips: SceneClip[] = [];
  for (const { label, phrases } of speaker.config.labels)
    for (const phrase of phrases) {
      const clip = await speakSurely(speaker, phrase, random.fork(phrase));
      clips.push({ ...clip, label });
    }
  return clips;
}

async function speakSurely(speaker: Speaker, text: string, random: Random): Promise<SceneClip> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const clip = await speak(speaker, text, random.fork(attempt));
    if (clip !== undefined) return clip;
  }
  throw new CallsignError("SYNTHESIS_FAILED", `conversation: no engine spoke ${JSON.stringify(text)}`);
}

/** A clip in a voice of the split `test`; undefined where the quality gate turned it down. */
async function speak(
  { config, engines }: Speaker,
  text: string,
  random: Random,
): Promise<SceneClip | undefined> {
  const voice = drawUnheardVoice(text, { config, engines, random });
  const request = { seed: random.integer(0, 2 ** 31), index: 0, text, engines, voiceInTurn: voice };
  const { result } = await makeAttempt(request, 0);
  return "audio" in result ? { name: `${voice.voice}\n${text}`, samples: result.audio.samples } : undefined;
}

function drawUnheardVoice(text: string, draw: Omit<Speaker, "avoid"> & { readonly random: Random }) {
  const { seed, data } = draw.config;
  for (let attempt = 0; attempt < 1000; attempt++) {
    const { voice } = drawUtterance(text, draw);
    if (assignSplit(voice.voice, { seed, fractions: data.splits }) === "test") return voice;
  }
  throw new CallsignError(
    "CONFIG_INVALID",
    "conversation: no voice of these engines is in the split `test`; raise data.splits.test or add an engine",
  );
}
