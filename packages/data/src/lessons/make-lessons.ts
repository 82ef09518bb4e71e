import { toMagnitudes } from "@callsign/audio/internal";
import { EMBEDDING, type Frontend, LOG_MEL } from "@callsign/infer/internal";
import { readMagnitudes } from "@callsign/audio/node/internal";

import type { NamedSamples } from "../augment/augment-step.ts";
import { augmentCodec } from "../augment/augment-codec.ts";
import { buildScene, type SceneClip } from "../augment/scene.ts";
import { drawRandomWords, drawSentence } from "../text/sentences/sentences.ts";
import { createRandom, type Random } from "../random.ts";
import { partition, type Split } from "../split.ts";
import { drawUtterance, type WeightedEngine } from "../voices/draw-utterance.ts";
import { makeAttempt } from "../voices/make-clip.ts";
import type { LessonConfig } from "./lesson-config.ts";
import type { LessonShard } from "./lesson-shard.ts";

/** One shard of lessons; determines its bytes. */
export interface LessonPlan {
  readonly seed: string;
  /** Validation lessons are spoken by voices and people that no training lesson has. */
  readonly split: Split;
  readonly index: number;
  readonly config: LessonConfig;
}

/** Resources that lessons are made with. */
export interface LessonMaker {
  readonly engines: readonly WeightedEngine[];
  /** Words that random texts are made of. */
  readonly words: readonly string[];
  /** Recordings without words, in memory. */
  readonly noises: readonly NamedSamples[];
  /** People's recordings of the split, by folder. */
  readonly people: readonly { readonly weight: number; readonly paths: readonly string[] }[];
  /** The teacher behind either floor of the log-mel, since models are served with both. */
  readonly frontends: Readonly<Record<"window" | "chunk", Frontend>>;
}

/** Synthesizes, augments and embeds the lessons of one shard. */
export async function makeLessons(plan: LessonPlan, maker: LessonMaker): Promise<LessonShard> {
  const { config } = plan;
  const random = createRandom(plan.seed).fork("lessons").fork(plan.split).fork(plan.index);
  const talk = await speakAll(plan, { maker, random: random.fork("talk") });
  const length = Math.round(config.seconds * SAMPLE_RATE_HZ);
  const made: { logMel: Float32Array; embeddings: Float32Array }[] = [];
  for (let lesson = 0; lesson < config.perShard; lesson++) {
    const own = random.fork(lesson);
    const { samples } = buildScene({
      length,
      commands: [],
      talk,
      config: config.augmentation,
      random: own,
      resources: { noises: maker.noises, talkers: talk },
    });
    const coded = await augmentCodec(samples, { config: config.augmentation, random: own });
    made.push(await embedLesson(coded, maker.frontends[own.fork("floor").choice(FLOORS)]));
  }
  const frames = Math.min(...made.map(({ logMel }) => logMel.length)) / LOG_MEL.melBins;
  const steps = Math.min(...made.map(({ embeddings }) => embeddings.length)) / EMBEDDING.dimension;
  const used = EMBEDDING.windowFrames + (steps - 1) * EMBEDDING.strideFrames;
  return {
    lessons: made.length,
    frames: Math.min(frames, used),
    logMels: stack(
      made.map(({ logMel }) => logMel),
      Math.min(frames, used) * LOG_MEL.melBins,
    ),
    steps,
    embeddings: stack(
      made.map(({ embeddings }) => embeddings),
      steps * EMBEDDING.dimension,
    ),
  };
}

const FLOORS = ["window", "chunk"] as const;
const SAMPLE_RATE_HZ = 16_000;

/** The log-mel from where the first embedding starts, and the embeddings. */
async function embedLesson(samples: Float32Array, frontend: Frontend) {
  const whole = await frontend.logMel(samples);
  const dropped = whole.rows % EMBEDDING.strideFrames === 0 && frontend.floor === "chunk" ? CHUNK_LEAD : 0;
  const data = whole.data.subarray(dropped * whole.columns);
  const { data: embeddings } = await frontend.embed({ ...whole, data, rows: whole.rows - dropped });
  return { logMel: data, embeddings };
}

/** A stream's first embedding ends with a chunk: 76 frames are nine and a half chunks of 8. */
const CHUNK_LEAD = LOG_MEL.chunkFrames - (EMBEDDING.windowFrames % LOG_MEL.chunkFrames);

function stack(parts: readonly Float32Array[], length: number): Float32Array {
  const whole = new Float32Array(parts.length * length);
  for (const [i, part] of parts.entries()) whole.set(part.subarray(0, length), i * length);
  return whole;
}

interface Speaking {
  readonly maker: LessonMaker;
  readonly random: Random;
}

async function speakAll(plan: LessonPlan, { maker, random }: Speaking): Promise<SceneClip[]> {
  const clips: SceneClip[] = [];
  for (let turn = 0; clips.length < plan.config.utterances && turn < 10 * plan.config.utterances; turn++) {
    const own = random.fork(turn);
    const folder = pickFolder(maker, own);
    const clip =
      folder === undefined ? await speak(plan, { maker, random: own }) : await readPerson(own.choice(folder));
    if (clip !== undefined) clips.push(clip);
  }
  return clips;
}

/** Recordings of one folder with the chance its weight gives, else undefined: then an engine speaks. */
function pickFolder({ people }: LessonMaker, random: Random): readonly string[] | undefined {
  let draw = random.next();
  for (const { weight, paths } of people) {
    if (draw < weight && paths.length > 0) return paths;
    draw -= weight;
  }
  return undefined;
}

async function readPerson(path: string): Promise<SceneClip | undefined> {
  const samples = await readMagnitudes(path, { sampleRateHz: SAMPLE_RATE_HZ });
  return samples.length > 0 ? { name: path, samples } : undefined;
}

/** An utterance in a voice of the split; undefined if the quality check rejects it. */
async function speak(
  { split, seed, config }: LessonPlan,
  { maker, random }: Speaking,
): Promise<SceneClip | undefined> {
  const text =
    random.next() < config.sentenceShare
      ? drawSentence(random)
      : drawRandomWords(maker.words, { count: random.integer(1, 6), random });
  const { engines } = maker;
  const voicePool = { split, seed: lessonSeed(seed), shares: { ...LESSON_SHARES, test: 0 } };
  const { voice } = drawUtterance(text, { random, engines, voicePool });
  const { result } = await makeAttempt(
    { seed: random.integer(0, 2 ** 31), index: 0, text, engines, voiceInTurn: voice },
    0,
  );
  return "audio" in result
    ? { name: `${voice.voice}: ${text}`, samples: toMagnitudes(result.audio.samples) }
    : undefined;
}

/** Recordings of people that lessons of a split may have. */
export function pathsOf(split: Split, { paths, seed }: { paths: readonly string[]; seed: string }): string[] {
  const splits = partition(paths, { seed: lessonSeed(seed), shares: LESSON_SHARES });
  return paths.filter((path) => splits.get(path) === split);
}

const LESSON_SHARES = { train: 0.9, validation: 0.1 } as const;
const lessonSeed = (seed: string): string => `lessons/${seed}`;
