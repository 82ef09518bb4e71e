import { CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import {
  commandLabels,
  type DetectorModel,
  embedClip,
  type Frontend,
  type ModelCard,
  scoreEmbeddings,
  silentEmbedding,
} from "@callsign/infer/internal";
import { eachRecording, type EachRecordingOptions } from "./each-recording.ts";
import { type CachedFeatures, cachePath, readCached, writeCached } from "./feature-cache.ts";
import type { Recording } from "./find-recordings.ts";
import type { OpenConditions } from "./open-conditions.ts";
import { restage, type StagedFacts } from "./restage.ts";

/** A recording as input of heads of windowing `embedding-sequence`. */
export interface RecordingFeatures {
  readonly recording: Recording;
  readonly staged: StagedFacts;
  /** Embedding of every step of a stream, `[steps, 96]`. */
  readonly embeddings: Float32Array;
}

/** A recording and its scores by all labels of a model. */
export interface RecordingScores {
  readonly recording: Recording;
  readonly staged: StagedFacts;
  /** One score per step, by label. */
  readonly scores: ReadonlyMap<string, Float32Array>;
  readonly hopMs: number;
}

export interface FeaturesOptions extends EachRecordingOptions {
  readonly conditions: OpenConditions;
  /** Folder that keeps features from one evaluation to the next; a recording found there is not decoded or staged again. */
  readonly cacheDir?: string;
}

/**
 * Stages recordings and computes their embeddings, the same as in a stream. Any number of heads on the same front-end can
 * be scored on these with `scoreFeatures`.
 * @throws CallsignError as `eachRecording`, `FILE_WRITE_FAILED`
 */
export const featuresOf = (
  frontend: Frontend,
  recordings: readonly Recording[],
  options: FeaturesOptions,
): Promise<RecordingFeatures[]> =>
  eachFeatures(frontend, recordings, { ...options, work: (features) => Promise.resolve(features) });

/** Scores of a head of windowing `embedding-sequence` on features of its front-end, the same as in a stream. */
export async function scoreFeatures(
  model: DetectorModel,
  features: readonly RecordingFeatures[],
): Promise<RecordingScores[]> {
  const score = await featureScorer(model);
  const scored: RecordingScores[] = [];
  for (const one of features) scored.push(await score(one));
  return scored;
}

/** `scoreFeatures` of `featuresOf`, keeping the features of one recording at a time. */
export async function scoreSequences(
  model: DetectorModel,
  recordings: readonly Recording[],
  options: FeaturesOptions,
): Promise<RecordingScores[]> {
  return eachFeatures(model.frontend, recordings, { ...options, work: await featureScorer(model) });
}

async function eachFeatures<Result extends { readonly staged: StagedFacts }>(
  frontend: Frontend,
  recordings: readonly Recording[],
  options: FeaturesOptions & { readonly work: (features: RecordingFeatures) => Promise<Result> },
): Promise<Result[]> {
  const { content, conditions, cacheDir, work } = options;
  const digest = cacheDir === undefined ? "" : await conditions.digest();
  const compute = async (recording: Recording): Promise<CachedFeatures> => {
    const { samples, ...staged } = await restage(recording, {
      ...options,
      conditions: await conditions.read(),
    });
    return { staged, embeddings: await embedClip(samples, frontend) };
  };
  return eachRecording(recordings, options, async (recording) => {
    const parts = { recording, content, conditions: digest, frontend };
    const path = cacheDir === undefined ? undefined : await cachePath(cacheDir, parts);
    let features = path === undefined ? undefined : await readCached(path);
    if (features === undefined) {
      features = await compute(recording);
      if (path !== undefined) await writeCached(path, features);
    }
    return work({ recording, ...features });
  });
}

async function featureScorer({
  card,
  classifier,
  frontend,
}: DetectorModel): Promise<(features: RecordingFeatures) => Promise<RecordingScores>> {
  const { windowing, labels, name } = card;
  if (windowing.kind !== "embedding-sequence")
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${name}: expected windowing embedding-sequence, got ${windowing.kind}; score such a model with scoreLabels`,
    );
  const head = { classifier, embeddings: windowing.embeddings, silence: await silentEmbedding(frontend) };
  const hopMs = (windowing.hopLength * 1000) / SAMPLE_RATE_HZ;
  return async ({ recording, staged, embeddings }) => {
    const values = await scoreEmbeddings(embeddings, head);
    const scores = scoresByLabel(card, {
      steps: values.length / labels.length,
      scoreAt: (step, column) => values[step * labels.length + column]!,
    });
    return { recording, staged, scores, hopMs };
  };
}

/** Scores of every step by label, without the background label. */
export function scoresByLabel(
  card: ModelCard,
  { steps, scoreAt }: { readonly steps: number; readonly scoreAt: (step: number, column: number) => number },
): ReadonlyMap<string, Float32Array> {
  return new Map(
    commandLabels(card).map((label) => {
      const column = card.labels.indexOf(label);
      return [label, Float32Array.from({ length: steps }, (_, step) => scoreAt(step, column))];
    }),
  );
}
