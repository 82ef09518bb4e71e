import { variantOfClip, meanOfVariants } from "./test-time-augmentation.ts";
import { joinFloats } from "@callsign/audio/internal";
import type { Classifier } from "../model/classifier.ts";
import { EMBEDDING } from "../frontend/embedding.ts";
import type { Frontend } from "../frontend/frontend.ts";
import { LOG_MEL } from "../frontend/log-mel.ts";
import type { AudioVariant } from "../model/model-card.ts";
import { EMBEDDING_CHUNKS } from "./embedding-sequence.ts";

const { chunkLength, contextLength } = LOG_MEL;

interface SequenceParts {
  readonly frontend: Frontend;
  readonly classifier: Classifier;
  readonly embeddings: number;
}

/**
 * Scores of a whole clip under windowing `embedding-sequence`, one array per step: the scores of a new stream. Embeddings
 * are computed in blocks, so memory beyond the clip grows with its embeddings and scores only, plus one copy of the clip if
 * the model uses test-time augmentation.
 */
export async function scoreClip(
  samples: Float32Array,
  { variants, frontend, ...head }: SequenceParts & { readonly variants: readonly AudioVariant[] },
): Promise<Float32Array[]> {
  const silence = await silentEmbedding(frontend);
  const scored: Float32Array[] = [];
  for (const variant of variants) {
    const rows = await embedClip(variantOfClip(samples, variant), frontend);
    scored.push(await scoreEmbeddings(rows, { ...head, silence }));
  }
  const scores = meanOfVariants(joinFloats(scored), variants.length);
  const width = head.classifier.labels.length;
  return Array.from({ length: scores.length / width }, (_, step) =>
    scores.slice(step * width, (step + 1) * width),
  );
}

/**
 * Embeddings of a clip of int16 magnitudes, `[steps, 96]`: those of a new stream, one for each whole chunk of 1280 samples.
 * Preceded by `silentEmbedding`, they are the input of any head of windowing `embedding-sequence`.
 */
export async function embedClip(samples: Float32Array, frontend: Frontend): Promise<Float32Array> {
  const chunks = Math.floor(samples.length / chunkLength);
  const history = EMBEDDING_CHUNKS - 1;
  const rows = new Float32Array(chunks * EMBEDDING.dimension);
  for (let from = 0; from < chunks; from += BLOCK_CHUNKS) {
    const to = Math.min(chunks, from + BLOCK_CHUNKS);
    const start = (from - history) * chunkLength;
    const context = cut(samples, start - contextLength, start);
    const { data } = await frontend.features(cut(samples, start, to * chunkLength), { context });
    rows.set(data, from * EMBEDDING.dimension);
  }
  return rows;
}

/** Embedding of silence, `[96]`; a stream starts with copies of it. */
export async function silentEmbedding(frontend: Frontend): Promise<Float32Array> {
  const { data } = await frontend.features(new Float32Array(EMBEDDING_CHUNKS * chunkLength));
  return data.slice(0, EMBEDDING.dimension);
}

/** Scores `[steps, labels]` of a head on the embeddings of a clip (`embedClip`), preceded by those of silence. */
export async function scoreEmbeddings(
  rows: Float32Array,
  options: Omit<SequenceParts, "frontend"> & { readonly silence: Float32Array },
): Promise<Float32Array> {
  const { classifier, embeddings, silence } = options;
  const steps = rows.length / EMBEDDING.dimension;
  const width = classifier.labels.length;
  const padded = new Float32Array((embeddings - 1) * EMBEDDING.dimension + rows.length);
  for (let i = 0; i < embeddings - 1; i++) padded.set(silence, i * EMBEDDING.dimension);
  padded.set(rows, (embeddings - 1) * EMBEDDING.dimension);
  const scores = new Float32Array(steps * width);
  for (let from = 0; from < steps; from += BLOCK_CHUNKS) {
    const count = Math.min(steps - from, BLOCK_CHUNKS);
    const examples = unfold(padded.subarray(from * EMBEDDING.dimension), count, embeddings);
    scores.set(await classifier.score(examples, count), from * width);
  }
  return scores;
}

/** 20 s: recomputing the history of each block is then a twenty-fifth of the work. */
const BLOCK_CHUNKS = 250;

/** Samples `from` to `to` (exclusive) of the clip, with silence before its start. */
function cut(samples: Float32Array, from: number, to: number): Float32Array {
  const piece = new Float32Array(to - from);
  if (to > 0) piece.set(samples.subarray(Math.max(0, from), to), Math.max(0, -from));
  return piece;
}

/** Overlapping examples of consecutive rows, `[count, embeddings, 96]`. */
function unfold(rows: Float32Array, count: number, embeddings: number): Float32Array {
  const length = embeddings * EMBEDDING.dimension;
  const examples = new Float32Array(count * length);
  for (let i = 0; i < count; i++) {
    const from = i * EMBEDDING.dimension;
    examples.set(rows.subarray(from, from + length), i * length);
  }
  return examples;
}
