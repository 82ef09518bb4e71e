import {
  createSpeechEngines,
  type DataConfig,
  drawSentence,
  drawUtterance,
  enginesOf,
  makeAttempt,
  planTexts,
  type Random,
  type SceneClip,
  type VoicePool,
  voiceShares,
  type WeightedEngine,
  type WordSounds,
} from "@callsign/data/internal";
import { CallsignError, toMagnitudes } from "@callsign/audio/internal";

/** Speech engines for conversations, and the sentences to avoid. */
export interface Speakers {
  readonly config: DataConfig;
  readonly engines: readonly WeightedEngine[];
  /** Texts of the training data. */
  readonly avoid: ReadonlySet<string>;
  /** Pronunciations of words of the phrases. */
  readonly sounds: WordSounds;
}

/**
 * Opens the engines of the config; the caller disposes them.
 * @throws CallsignError of the engines; `CONFIG_INVALID` if the config has no voice in split `test`
 */
export async function openSpeakers(config: DataConfig): Promise<Speakers> {
  if (config.data.splits.test === 0)
    throw new CallsignError(
      "CONFIG_INVALID",
      "conversation: expected voices that were not trained on, but data.splits.test is 0; set it to 0.1 or more and lower " +
        "data.splits.validation by as much, then build and train again",
    );
  const sets = await planTexts({ config });
  const avoid = new Set(sets.flatMap(({ texts }) => [...texts.train, ...texts.validation]));
  const sounds = sets.find((set) => set.sounds !== undefined)?.sounds ?? {};
  const engines = await createSpeechEngines(config.data.engines);
  if (enginesOf(engines, testPool(config)).length > 0) return { config, engines, avoid, sounds };
  await Promise.all(engines.map(({ engine }) => engine.dispose()));
  throw new CallsignError(
    "CONFIG_INVALID",
    "conversation: expected a voice in split test, but no engine of data.engines has enough voices; add an engine, then build and train again",
  );
}

/** Voices that the training data does not have. */
const testPool = ({ seed, data }: DataConfig): VoicePool => ({
  split: "test",
  seed,
  shares: voiceShares(data.splits),
});

/** Synthesizes ten sentences that are not in the training data. @throws CallsignError `SYNTHESIS_FAILED`, `CONFIG_INVALID` */
export async function speakTalk(speakers: Speakers, random: Random): Promise<SceneClip[]> {
  const clips: SceneClip[] = [];
  for (let turn = 0; clips.length < SENTENCES && turn < 10 * SENTENCES; turn++) {
    const own = random.fork(turn);
    const text = drawSentence(own);
    const clip = speakers.avoid.has(text) ? undefined : await speak(speakers, text, own);
    if (clip !== undefined) clips.push(clip);
  }
  if (clips.length > 0) return clips;
  throw new CallsignError("SYNTHESIS_FAILED", "conversation: no engine could synthesize a sentence");
}

/** Synthesizes each phrase of each label once. @throws CallsignError `SYNTHESIS_FAILED`, `CONFIG_INVALID` */
export async function speakCommands(speakers: Speakers, random: Random): Promise<SceneClip[]> {
  const clips: SceneClip[] = [];
  for (const { label, phrases } of speakers.config.labels)
    for (const phrase of phrases) {
      const clip = await speakSurely(speakers, phrase, random.fork(phrase));
      clips.push({ ...clip, label });
    }
  return clips;
}

/** Voice and text encoded in a clip's name. */
export function readClipName(name: string): { readonly voice: string; readonly text: string } {
  const [voice = "", text = ""] = name.split("\n");
  return { voice, text };
}

const SENTENCES = 10;

async function speakSurely(speakers: Speakers, text: string, random: Random): Promise<SceneClip> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const clip = await speak(speakers, text, random.fork(attempt));
    if (clip !== undefined) return clip;
  }
  throw new CallsignError(
    "SYNTHESIS_FAILED",
    `conversation: no engine could synthesize ${JSON.stringify(text)}`,
  );
}

/** Synthesizes a clip in a voice of the split `test`; undefined if it failed the quality check. */
async function speak(
  { config, engines, sounds }: Speakers,
  text: string,
  random: Random,
): Promise<SceneClip | undefined> {
  const { voice } = drawUtterance(text, { random, engines, voicePool: testPool(config) });
  const request = { seed: random.integer(0, 2 ** 31), index: 0, text, sounds, engines, voiceInTurn: voice };
  const { result } = await makeAttempt(request, 0);
  return "audio" in result
    ? { name: `${voice.voice}\n${text}`, text, samples: toMagnitudes(result.audio.samples) }
    : undefined;
}
