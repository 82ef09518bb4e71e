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
 * are computed in blocks, so memory beyond the clip grows with its scores only, plus one copy of the clip if the model
 * uses test-time augmentation.
 */
export async function scoreClip(
  samples: Float32Array,
  { variants, ...parts }: SequenceParts & { readonly variants: readonly AudioVariant[] },
): Promise<Float32Array[]> {
  const scored: Float32Array[] = [];
  for (const variant of variants) scored.push(await scoreOne(variantOfClip(samples, variant), parts));
  const scores = meanOfVariants(joinFloats(scored), variants.length);
  const width = parts.classifier.labels.length;
  return Array.from({ length: scores.length / width }, (_, step) =>
    scores.slice(step * width, (step + 1) * width),
  );
}

/** Scores of one variant, `[steps, labels]`. */
async function scoreOne(samples: Float32Array, parts: SequenceParts): Promise<Float32Array> {
  const { frontend, classifier, embeddings } = parts;
  const chunks = Math.floor(samples.length / chunkLength);
  const width = classifier.labels.length;
  const history = EMBEDDING_CHUNKS + embeddings - 2;
  const scores = new Float32Array(chunks * width);
  for (let from = 0; from < chunks; from += BLOCK_CHUNKS) {
    const to = Math.min(chunks, from + BLOCK_CHUNKS);
    const start = (from - history) * chunkLength;
    const context = cut(samples, start - contextLength, start);
    const { data: rows } = await frontend.features(cut(samples, start, to * chunkLength), { context });
    scores.set(await classifier.score(unfold(rows, to - from, embeddings), to - from), from * width);
  }
  return scores;
}

/** 20 s: recomputing the history of each block is then a tenth of the work. */
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
