import { readFile } from "node:fs/promises";

import { findAudioFiles } from "@callsign/data/internal";
import { joinFloats, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { createFrontend, EMBEDDING, type Progress } from "@callsign/infer/internal";
import { readMagnitudes } from "@callsign/audio/node/internal";
import { createNodeSession } from "@callsign/infer/node/internal";

/** Agreement of two embeddings over the same audio. */
export interface EmbeddingAgreement {
  readonly recordings: number;
  readonly embeddings: number;
  /** Mean cosine similarity, each dimension standardised by the teacher's mean and deviation. */
  readonly cosine: number;
  /** Share of the standardised teacher's variance explained by the student (R²). */
  readonly r2: number;
  readonly r2ByDimension: { readonly p10: number; readonly p50: number; readonly p90: number };
}

export interface CompareEmbeddingsOptions {
  readonly teacherPath: string;
  readonly studentPath: string;
  /** Folders of recordings. */
  readonly folders: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Embeds recordings with teacher and student, with floor `window`, and measures their agreement. */
export async function* compareEmbeddings({
  teacherPath,
  studentPath,
  folders,
  signal,
}: CompareEmbeddingsOptions): AsyncGenerator<Progress, EmbeddingAgreement> {
  const createSession = createNodeSession();
  const open = async (path: string) =>
    createFrontend({ createSession, embedding: new Uint8Array(await readFile(path)), floor: "window" });
  const [teacher, student] = [await open(teacherPath), await open(studentPath)];
  try {
    const files = (await Promise.all(folders.map((folder) => findAudioFiles(folder)))).flat();
    const teachers: Float32Array[] = [];
    const students: Float32Array[] = [];
    for (const [i, { path }] of files.entries()) {
      signal?.throwIfAborted();
      const samples = await readMagnitudes(path, { sampleRateHz: SAMPLE_RATE_HZ });
      const padded = samples.length >= LEAST_SAMPLES ? samples : padTo(samples, LEAST_SAMPLES);
      const logMel = await teacher.logMel(padded);
      teachers.push((await teacher.embed(logMel)).data);
      students.push((await student.embed(logMel)).data);
      yield { stage: "compare", done: i + 1, total: files.length, unit: "recordings" };
    }
    return { recordings: files.length, ...embeddingAgreement(joinFloats(teachers), joinFloats(students)) };
  } finally {
    await Promise.all([teacher.dispose(), student.dispose()]);
  }
}

/** Samples needed for one embedding. */
const LEAST_SAMPLES = 12_512;

function padTo(samples: Float32Array, length: number): Float32Array {
  const padded = new Float32Array(length);
  padded.set(samples);
  return padded;
}

/** Agreement of two matrices `[rows, 96]`. */
export function embeddingAgreement(
  teacher: Float32Array,
  student: Float32Array,
): Omit<EmbeddingAgreement, "recordings"> {
  const { dimension } = EMBEDDING;
  const rows = teacher.length / dimension;
  const { mean, deviation } = columnMoments(teacher, dimension);
  const errors = new Float64Array(dimension);
  let cosines = 0;
  for (let row = 0; row < rows; row++) {
    let [product, ofTeacher, ofStudent] = [0, 0, 0];
    for (let d = 0; d < dimension; d++) {
      const a = (teacher[row * dimension + d]! - mean[d]!) / deviation[d]!;
      const b = (student[row * dimension + d]! - mean[d]!) / deviation[d]!;
      product += a * b;
      ofTeacher += a * a;
      ofStudent += b * b;
      errors[d]! += (a - b) ** 2 / rows;
    }
    cosines += product / Math.max(1e-12, Math.sqrt(ofTeacher * ofStudent));
  }
  const explained = Array.from(errors, (error) => 1 - error).toSorted((a, b) => a - b);
  const at = (share: number): number => explained[Math.round(share * (dimension - 1))]!;
  return {
    embeddings: rows,
    cosine: cosines / rows,
    r2: explained.reduce((sum, value) => sum + value, 0) / dimension,
    r2ByDimension: { p10: at(0.1), p50: at(0.5), p90: at(0.9) },
  };
}

function columnMoments(values: Float32Array, columns: number) {
  const rows = values.length / columns;
  const [mean, square] = [new Float64Array(columns), new Float64Array(columns)];
  for (const [i, value] of values.entries()) {
    mean[i % columns]! += value / rows;
    square[i % columns]! += (value * value) / rows;
  }
  // Avoids dividing by zero for a constant dimension.
  const deviation = square.map((value, d) => Math.sqrt(Math.max(1e-12, value - mean[d]! ** 2)));
  return { mean, deviation };
}
