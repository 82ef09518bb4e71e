import { type LessonFile, type Random, readStretch, type Split } from "@callsign/data/internal";
import { EMBEDDING, LOG_MEL } from "@callsign/infer/internal";
import type { TensorFlow } from "../backends/import-tensorflow.ts";
import type { EmbeddingConfig } from "./embedding-config.ts";
import type { LessonBatch } from "./embedding-learner.ts";
import { drawStretches } from "./draw-stretches.ts";
import { wordBatch, type WordRows } from "./word-contrast.ts";

/** Mean and standard deviation of the teacher's embeddings, `[96]` each. */
export interface TeacherScale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Source of batches. Lessons stay on the disk; a batch reads the stretches it draws. */
export class LessonFeed {
  readonly tf: TensorFlow;
  readonly scale: TeacherScale;
  readonly #config: EmbeddingConfig;
  readonly #coming: readonly Promise<LessonFile>[];
  readonly #validation: readonly LessonFile[];
  readonly #here: LessonFile[] = [];

  private constructor(options: {
    tf: TensorFlow;
    scale: TeacherScale;
    config: EmbeddingConfig;
    coming: readonly Promise<LessonFile>[];
    validation: readonly LessonFile[];
  }) {
    this.tf = options.tf;
    this.scale = options.scale;
    this.#config = options.config;
    this.#coming = options.coming;
    this.#validation = options.validation;
  }

  /** @param options.lessons file of lessons of a split, made if needed; called for all at once, in order */
  static async open(
    config: EmbeddingConfig,
    options: {
      readonly tf: TensorFlow;
      readonly lessons: (split: Split, index: number) => Promise<LessonFile>;
    },
  ): Promise<LessonFeed> {
    const ask = (split: Split): Promise<LessonFile>[] =>
      Array.from({ length: fileCount(config, split) }, (_, i) => options.lessons(split, i));
    const validation = ask("validation");
    const coming = ask("train");
    // A rejection is reported when its file is awaited.
    for (const file of [...validation, ...coming]) file.catch(() => undefined);
    const scale = teacherScale(await Promise.all(coming.slice(0, SCALE_FILES)));
    const { tf } = options;
    return new LessonFeed({ tf, scale, config, coming, validation: await Promise.all(validation) });
  }

  /** Batch for a step of the training, from the lessons in use by then. */
  async training(step: number, random: Random): Promise<LessonBatch> {
    const wanted = filesInUse(step, { ...this.#config.train, total: this.#coming.length });
    while (this.#here.length < wanted) this.#here.push(await this.#coming[this.#here.length]!);
    return this.#draw(this.#here.slice(0, wanted), { random, wordWeight: this.#config.train.wordWeight });
  }

  validation(random: Random): LessonBatch {
    return this.#draw(this.#validation, { random, wordWeight: 0 });
  }

  #draw(
    files: readonly LessonFile[],
    options: { readonly random: Random; readonly wordWeight: number },
  ): LessonBatch {
    const { batch, embeddings } = this.#config.train;
    return drawLessons(this.tf, files, { ...options, batch, embeddings, scale: this.scale });
  }
}

/** Files from which the teacher's mean and deviation are computed. */
const SCALE_FILES = 4;

/** Number of files of lessons of a split. */
function fileCount({ lessons }: EmbeddingConfig, split: Split): number {
  const hours = split === "train" ? lessons.hours : lessons.validationHours;
  return Math.max(1, Math.round((hours * 3600) / (lessons.perShard * lessons.seconds)));
}

/** Computes mean and standard deviation of the teacher's embeddings over lessons. */
export function teacherScale(files: readonly LessonFile[]): TeacherScale {
  const { dimension } = EMBEDDING;
  const [sums, squares] = [new Float64Array(dimension), new Float64Array(dimension)];
  let count = 0;
  for (const file of files)
    for (let lesson = 0; lesson < file.lessons; lesson++) {
      const { embeddings } = readStretch(file, { lesson, step: 0, embeddings: file.steps });
      for (const [i, value] of embeddings.entries()) {
        sums[i % dimension]! += value;
        squares[i % dimension]! += value * value;
      }
      count += file.steps;
    }
  const mean = Float32Array.from(sums, (sum) => sum / count);
  const deviation = Float32Array.from(squares, (sum, i) => Math.sqrt(sum / count - (sums[i]! / count) ** 2));
  return { mean, deviation };
}

/**
 * Draws random stretches of lessons as tensors; the caller disposes them (`disposeLessons`). With `wordWeight` above 0, half of the
 * stretches are drawn in pairs that have a word in common.
 */
export function drawLessons(
  tf: TensorFlow,
  files: readonly LessonFile[],
  options: {
    readonly random: Random;
    readonly batch: number;
    readonly embeddings: number;
    readonly scale: TeacherScale;
    readonly wordWeight?: number;
  },
): LessonBatch {
  const { random, batch, embeddings, scale, wordWeight = 0 } = options;
  const { windowFrames, strideFrames, dimension } = EMBEDDING;
  const frames = windowFrames + (embeddings - 1) * strideFrames;
  const logMels = new Float32Array(batch * frames * LOG_MEL.melBins);
  const targets = new Float32Array(batch * embeddings * dimension);
  const drawn = drawStretches(files, { random, batch, embeddings, paired: wordWeight > 0 });
  const words: WordRows[] = [];
  for (const [i, { file, lesson, step, word }] of drawn.entries()) {
    const stretch = readStretch(file, { lesson, step, embeddings });
    const row = i * embeddings - step;
    if (word) words.push({ id: word.id, first: row + word.first, end: row + word.end });
    logMels.set(stretch.logMels, i * frames * LOG_MEL.melBins);
    for (const [j, value] of stretch.embeddings.entries()) {
      const d = j % dimension;
      targets[i * embeddings * dimension + j] = (value - scale.mean[d]!) / scale.deviation[d]!;
    }
  }
  return {
    logMels: tf.tensor3d(logMels, [batch, frames, LOG_MEL.melBins]),
    targets: tf.tensor2d(targets, [batch * embeddings, dimension]),
    ...(words.length > 0 && { words: wordBatch(tf, words, { rows: batch * embeddings }) }),
  };
}

/** Disposes the tensors of a batch. */
export const disposeLessons = (tf: TensorFlow, { logMels, targets, words }: LessonBatch): void =>
  tf.dispose([logMels, targets, ...(words ? [words.pooling, words.same, words.others] : [])]);

/**
 * Number of files in use at a step. Files are added one by one over the first `arrival` of the steps, so that training
 * starts before all are made and does not depend on how fast they are made.
 */
export const filesInUse = (
  step: number,
  { steps, arrival, total }: { readonly steps: number; readonly arrival: number; readonly total: number },
): number =>
  arrival === 0
    ? total
    : Math.min(total, Math.max(1, Math.ceil((total * (step + 1)) / Math.max(1, arrival * steps))));
