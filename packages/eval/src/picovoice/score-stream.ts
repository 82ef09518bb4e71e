import { joinFloats } from "@callsign/audio/internal";
import {
  type Detector,
  type DetectorModel,
  EMBEDDING,
  EMBEDDING_CHUNKS,
  embedClip,
  LOG_MEL,
  scoreEmbeddings,
  silentEmbedding,
} from "@callsign/infer/internal";

/**
 * Scores of one label over a stream of any length, one per step, equal to those of the detector's own stream. Models that read
 * sequences of embeddings are run in pieces of two minutes, about nine times as fast as step by step.
 */
export async function scoreStream(
  detector: Detector,
  stream: AsyncIterable<Int16Array>,
  label: string,
): Promise<Float32Array> {
  const model = detector.models[0]!;
  const { windowing, labels, testTimeAugmentation } = model.card;
  const column = labels.indexOf(label);
  if (windowing.kind === "embedding-sequence" && testTimeAugmentation === undefined)
    return scoreInPieces(model, stream, { column, embeddings: windowing.embeddings });
  const scores: number[] = [];
  await detector.reset();
  for await (const chunk of stream)
    for (const step of await detector.push(chunk)) scores.push(step.scores[column]!);
  return Float32Array.from(scores);
}

async function scoreInPieces(
  { frontend, classifier }: DetectorModel,
  stream: AsyncIterable<Int16Array>,
  { column, embeddings }: { readonly column: number; readonly embeddings: number },
): Promise<Float32Array> {
  const silence = await silentEmbedding(frontend);
  const width = classifier.labels.length;
  const scored: Float32Array[] = [];
  // Audio before a piece that its first embedding needs, and embeddings before it that its first score needs.
  let overlap = new Float32Array(0);
  let history = new Float32Array(0);
  for await (const piece of inPieces(stream)) {
    const samples = joinFloats([overlap, piece]);
    const known = overlap.length / chunkLength;
    const rows = (await embedClip(samples, frontend)).subarray(known * EMBEDDING.dimension);
    const before = history.length / EMBEDDING.dimension;
    const sequence = joinFloats([history, rows]);
    const scores = await scoreEmbeddings(sequence, { classifier, embeddings, silence });
    scored.push(
      Float32Array.from(
        { length: scores.length / width - before },
        (_, i) => scores[(before + i) * width + column]!,
      ),
    );
    overlap = samples.slice(Math.max(0, samples.length - EMBEDDING_CHUNKS * chunkLength));
    history = sequence.slice(Math.max(0, sequence.length - (embeddings - 1) * EMBEDDING.dimension));
  }
  return joinFloats(scored);
}

/** Whole chunks in pieces of two minutes; a remainder of less than a chunk at the end is dropped, since a stream does not score it either. */
async function* inPieces(stream: AsyncIterable<Int16Array>): AsyncGenerator<Float32Array> {
  let piece = new Float32Array(PIECE_LENGTH);
  let filled = 0;
  for await (const part of stream) {
    for (let at = 0; at < part.length;) {
      const taken = part.subarray(at, at + PIECE_LENGTH - filled);
      piece.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < PIECE_LENGTH) continue;
      yield piece;
      piece = new Float32Array(PIECE_LENGTH);
      filled = 0;
    }
  }
  const whole = filled - (filled % chunkLength);
  if (whole > 0) yield piece.slice(0, whole);
}

const { chunkLength } = LOG_MEL;
const PIECE_LENGTH = 1500 * chunkLength;
