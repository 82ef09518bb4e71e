import { copyOfClip } from "./audio-copies.ts";
import type { Classifier } from "./classifier.ts";
import { EMBEDDING } from "./embedding-graph.ts";
import type { Frontend } from "./frontend.ts";
import { LOG_MEL } from "./log-mel.ts";
import type { AudioCopy } from "./model-card.ts";

const { chunkLength, contextLength } = LOG_MEL;

interface SequenceParts {
  readonly frontend: Frontend;
  readonly classifier: Classifier;
  readonly embeddings: number;
}

/**
 * Scores of a whole clip under windowing `embedding-sequence`, one array a step, as its stream gives them from its
 * start. Embeddings come from the clip at once, in blocks, so memory does not grow with the clip beyond its scores and,
 * where there are several copies, two of its length.
 */
export async function scoreSequence(
  samples: Float32Array,
  { copies, ...parts }: SequenceParts & { readonly copies: readonly AudioCopy[] },
): Promise<Float32Array[]> {
  const [first, ...others] = copies;
  const steps = await scoreOne(copyOfClip(samples, first!), parts);
  for (const copy of others) {
    const more = await scoreOne(copyOfClip(samples, copy), parts);
    for (const [i, scores] of steps.entries())
      scores.forEach((_, label) => (scores[label]! += more[i]![label]!));
  }
  return others.length === 0 ? steps : steps.map((sum) => sum.map((score) => score / copies.length));
}

async function scoreOne(samples: Float32Array, parts: SequenceParts): Promise<Float32Array[]> {
  const { frontend, classifier, embeddings } = parts;
  const chunks = Math.floor(samples.length / chunkLength);
  const width = classifier.labels.length;
  const history = WINDOW_CHUNKS + embeddings - 2;
  const steps: Float32Array[] = [];
  for (let from = 0; from < chunks; from += BLOCK_CHUNKS) {
    const to = Math.min(chunks, from + BLOCK_CHUNKS);
    const start = (from - history) * chunkLength;
    const context = cut(samples, start - contextLength, start);
    const { data: rows } = await frontend.features(cut(samples, start, to * chunkLength), { context });
    const scores = await classifier.score(unfold(rows, to - from, embeddings), to - from);
    for (let i = 0; i < to - from; i++) steps.push(scores.slice(i * width, (i + 1) * width));
  }
  return steps;
}

/** Chunks that an embedding reaches back over, its own included: 76 frames of 8 a chunk, 9.5, rounded up. */
const WINDOW_CHUNKS = 10;

/** 20 s: the history computed anew for each block is then a tenth of the work. */
const BLOCK_CHUNKS = 250;

/** Samples `from` to `to` (excluded) of the clip, with silence before its start. */
function cut(samples: Float32Array, from: number, to: number): Float32Array {
  const piece = new Float32Array(to - from);
  if (to > 0) piece.set(samples.subarray(Math.max(0, from), to), Math.max(0, -from));
  return piece;
}

/** Every run of `embeddings` rows, one an example: `[count, embeddings, 96]`. */
function unfold(rows: Float32Array, count: number, embeddings: number): Float32Array {
  const length = embeddings * EMBEDDING.dimension;
  const examples = new Float32Array(count * length);
  for (let i = 0; i < count; i++) {
    const from = i * EMBEDDING.dimension;
    examples.set(rows.subarray(from, from + length), i * length);
  }
  return examples;
}
