import {
  assignSplit,
  createSpeechEngines,
  type DataConfig,
  drawSentence,
  drawUtterance,
  makeAttempt,
  planTexts,
  type Random,
  type SceneClip,
  type WeightedEngine,
} from "@callsign/data/internal";
import { CallsignError, toMagnitudes } from "@callsign/audio/internal";

/** Speech engines for conversations, and the sentences to avoid. */
export interface Speakers {
  readonly config: DataConfig;
  readonly engines: readonly WeightedEngine[];
  /** Texts of the training data. */
  readonly avoid: ReadonlySet<string>;
}

/** Starts the config's engines; the caller disposes them. @throws CallsignError of the engines */
export async function openSpeakers(config: DataConfig): Promise<Speakers> {
  const avoid = new Set((await planTexts({ config })).flatMap(({ texts }) => texts));
  return { config, engines: await createSpeechEngines(config.data.engines), avoid };
}

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
  { config, engines }: Speakers,
  text: string,
  random: Random,
): Promise<SceneClip | undefined> {
  const voice = drawUnheardVoice(text, { config, engines, random });
  const request = { seed: random.integer(0, 2 ** 31), index: 0, text, engines, voiceInTurn: voice };
  const { result } = await makeAttempt(request, 0);
  return "audio" in result
    ? { name: `${voice.voice}\n${text}`, samples: toMagnitudes(result.audio.samples) }
    : undefined;
}

function drawUnheardVoice(text: string, draw: Omit<Speakers, "avoid"> & { readonly random: Random }) {
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
