import { EMBEDDING, type Frontend, LOG_MEL } from "@callsign/infer/internal";

import type { NamedSamples } from "../augment/augment-step.ts";
import { createRandom } from "../random.ts";
import type { Split } from "../split.ts";
import type { WeightedEngine } from "../voices/draw-utterance.ts";
import { type LessonAudio, makeLessonAudio } from "./lesson-audio.ts";
import type { LessonConfig } from "./lesson-config.ts";
import type { LessonShard } from "./lesson-shard.ts";
import { type LessonWord, lessonWords } from "./lesson-words.ts";
import { type PeopleFolder, speakLessons } from "./speak-lessons.ts";

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
  readonly people: readonly PeopleFolder[];
  /** The teacher behind either floor of the log-mel, since models are served with both. */
  readonly frontends: Readonly<Record<"window" | "chunk", Frontend>>;
}

/** Synthesizes, augments and embeds the lessons of one shard. */
export async function makeLessons(plan: LessonPlan, maker: LessonMaker): Promise<LessonShard> {
  const { config } = plan;
  const random = createRandom(plan.seed).fork("lessons").fork(plan.split).fork(plan.index);
  const talk = await speakLessons({ ...plan, ...maker, random: random.fork("talk") });
  const made: Lesson[] = [];
  for (let lesson = 0; lesson < config.perShard; lesson++) {
    const own = random.fork(lesson);
    const audio = await makeLessonAudio({ talk, noises: maker.noises, config, random: own });
    made.push(
      await embedLesson(audio, { config, frontend: maker.frontends[own.fork("floor").choice(FLOORS)] }),
    );
  }
  const steps = Math.min(...made.map(({ embeddings }) => embeddings.length)) / EMBEDDING.dimension;
  const frames = EMBEDDING.windowFrames + (steps - 1) * EMBEDDING.strideFrames;
  return {
    lessons: made.length,
    frames,
    logMels: stack(
      made.map(({ logMel }) => logMel),
      frames * LOG_MEL.melBins,
    ),
    steps,
    embeddings: stack(
      made.map(({ embeddings }) => embeddings),
      steps * EMBEDDING.dimension,
    ),
    words: made.flatMap(({ words }, lesson) =>
      words.map((word) => ({ ...word, lesson })).filter(({ end }) => end <= steps),
    ),
  };
}

const FLOORS = ["window", "chunk"] as const;

interface Lesson {
  readonly logMel: Float32Array;
  readonly embeddings: Float32Array;
  readonly words: readonly Omit<LessonWord, "lesson">[];
}

/** The log-mel of the recorded audio from where the first embedding starts, and the teacher's embeddings. */
async function embedLesson(
  { clean, recorded, words }: LessonAudio,
  { config, frontend }: { readonly config: LessonConfig; readonly frontend: Frontend },
): Promise<Lesson> {
  const logMel = await lessonLogMel(recorded, frontend);
  const heard = config.teacherHears === "clean" ? await lessonLogMel(clean, frontend) : logMel;
  const { data: embeddings } = await frontend.embed(heard);
  return { logMel: logMel.data, embeddings, words: lessonWords(words, { lead: logMel.dropped }) };
}

async function lessonLogMel(samples: Float32Array, frontend: Frontend) {
  const whole = await frontend.logMel(samples);
  const dropped = whole.rows % EMBEDDING.strideFrames === 0 && frontend.floor === "chunk" ? CHUNK_LEAD : 0;
  return {
    ...whole,
    data: whole.data.subarray(dropped * whole.columns),
    rows: whole.rows - dropped,
    dropped,
  };
}

/** A stream's first embedding ends with a chunk: 76 frames are nine and a half chunks of 8. */
const CHUNK_LEAD = LOG_MEL.chunkFrames - (EMBEDDING.windowFrames % LOG_MEL.chunkFrames);

function stack(parts: readonly Float32Array[], length: number): Float32Array {
  const whole = new Float32Array(parts.length * length);
  for (const [i, part] of parts.entries()) whole.set(part.subarray(0, length), i * length);
  return whole;
}
