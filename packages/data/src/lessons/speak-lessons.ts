import { toMagnitudes } from "@callsign/audio/internal";

import { augmentVoice } from "../augment/augment-voice.ts";
import type { SceneClip } from "../augment/scene.ts";
import type { Random } from "../random.ts";
import type { Split } from "../split.ts";
import { drawRandomWords, drawSentence } from "../text/sentences/sentences.ts";
import { drawUtterance, type WeightedEngine } from "../voices/draw-utterance.ts";
import { makeAttempt } from "../voices/make-clip.ts";
import type { LessonConfig } from "./lesson-config.ts";
import type { LessonRecordings, LessonSegment } from "./lesson-recordings.ts";
import { LESSON_SHARES, lessonSeed } from "./lesson-split.ts";

/** Recordings of people in one folder, those of one split. */
export interface PeopleFolder {
  readonly weight: number;
  readonly segments: readonly LessonSegment[];
  readonly recordings: LessonRecordings;
}

export interface SpeakLessonsOptions {
  readonly seed: string;
  readonly split: Split;
  readonly config: Pick<LessonConfig, "utterances" | "sentenceShare" | "wordShare" | "augmentation">;
  readonly engines: readonly WeightedEngine[];
  /** Words that random texts are made of. */
  readonly words: readonly string[];
  readonly people: readonly PeopleFolder[];
  readonly random: Random;
}

/**
 * Utterances for the lessons of one file: synthesized, or by people. Each has its voice augmented once, not in every lesson it
 * is in, since that took a third of the time.
 */
export async function speakLessons(options: SpeakLessonsOptions): Promise<SceneClip[]> {
  const { config, random } = options;
  const clips: SceneClip[] = [];
  const { words } = options;
  const fewWords = Array.from({ length: FEW_WORDS }, (_, i) => random.fork("words").fork(i).choice(words));
  for (let turn = 0; clips.length < config.utterances && turn < 10 * config.utterances; turn++) {
    const own = random.fork(turn);
    const folder = drawFolder(options.people, own);
    const clip = await (folder === undefined
      ? speak({ ...options, fewWords }, own)
      : readPerson(folder, own));
    if (clip === undefined) continue;
    const { samples } = augmentVoice(clip, { config: config.augmentation, random: own.fork("voice") });
    clips.push({ ...clip, samples });
    // What a person says is said by the engines, too.
    if (folder !== undefined && clip.text !== undefined) fewWords.push(clip.text);
  }
  return clips;
}

/** Single words of one file, besides those that people say: enough that each is said by several voices. */
const FEW_WORDS = 6;

/** A folder with the chance its weight gives, else undefined: then an engine speaks. */
function drawFolder(people: readonly PeopleFolder[], random: Random): PeopleFolder | undefined {
  let draw = random.next();
  for (const folder of people) {
    if (draw < folder.weight && folder.segments.length > 0) return folder;
    draw -= folder.weight;
  }
  return undefined;
}

async function readPerson({ segments, recordings }: PeopleFolder, random: Random): Promise<SceneClip> {
  const segment = random.choice(segments);
  const { path, start, text } = segment;
  const samples = await recordings.read(segment);
  return { name: `${path} ${start}`, samples, ...(text !== undefined && isWord(text) && { text }) };
}

/** An utterance in a voice of the split; undefined if the quality check rejects it. */
async function speak(
  {
    seed,
    split,
    config,
    engines,
    words,
    fewWords,
  }: SpeakLessonsOptions & { readonly fewWords: readonly string[] },
  random: Random,
): Promise<SceneClip | undefined> {
  const text =
    random.next() < config.sentenceShare
      ? drawSentence(random)
      : random.next() < config.wordShare
        ? random.choice(fewWords)
        : drawRandomWords(words, { count: random.integer(1, 6), random });
  const voicePool = { split, seed: lessonSeed(seed), shares: { ...LESSON_SHARES, test: 0 } };
  const { voice } = drawUtterance(text, { random, engines, voicePool });
  const { result } = await makeAttempt(
    { seed: random.integer(0, 2 ** 31), index: 0, text, engines, voiceInTurn: voice },
    0,
  );
  return "audio" in result
    ? {
        name: `${voice.voice}: ${text}`,
        samples: toMagnitudes(result.audio.samples),
        ...(isWord(text) && { text }),
      }
    : undefined;
}

const isWord = (text: string): boolean => /^[\p{L}']+$/u.test(text);
