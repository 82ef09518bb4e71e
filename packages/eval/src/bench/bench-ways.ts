import {
  type Classifier,
  createDetector,
  createFrontend,
  type Detector,
  EMBEDDING,
  embeddingsOf,
  type Frontend,
  loadClassifier,
  LOG_MEL,
  type ModelCard,
  type SessionFactory,
  StreamBatch,
} from "@callsign/infer/internal";

/** A model's files in memory. */
export interface BenchModel {
  readonly card: ModelCard;
  readonly classifier: Uint8Array;
  readonly embedding: Uint8Array;
  readonly name: string;
}

/**
 * One step: takes 1280 new samples (80 ms) and computes the scores they complete. Callsign's way takes samples in -1..1, the
 * others, which call the front-end, int16 magnitudes.
 */
export type Way = (chunk: Float32Array) => Promise<unknown>;

/** The same model computed in Callsign's way and in those of other projects. */
export interface BenchWays {
  readonly ours: Way;
  /** Callsign without the card's test-time augmentation; undefined if it has none. */
  readonly asItIs: Way | undefined;
  /** The log-mel of 1,760 samples, the embedding of the last 76 frames, the classifier. */
  readonly openWakeWordWay: Way;
  /** Recomputes log-mel and all embeddings of the last two seconds, then the classifier. */
  readonly livekitWay: Way;
  /** At every 512 samples the log-mel of the last 13,000, one embedding, the classifier. */
  readonly publishedWay: Way;
  /** Many batched streams; undefined if the model's windowing cannot be batched. */
  readonly together: { readonly streams: number; readonly step: () => Promise<unknown> } | undefined;
  readonly dispose: () => Promise<void>;
}

const { chunkLength, contextLength, melBins } = LOG_MEL;
const { dimension, windowFrames } = EMBEDDING;
/** Number of batched streams in `together`. */
const STREAMS = 64;
const PUBLISHED = { windowLength: 13_000, hopLength: 512 };
const LIVEKIT_LENGTH = 32_000;

/** Opens every way's sessions. @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `SESSION_FAILED` */
export async function createWays(model: BenchModel, createSession: SessionFactory): Promise<BenchWays> {
  const { card, embedding, name } = model;
  const embeddings = embeddingsOf(card.windowing);
  const open = (): Promise<Classifier> =>
    loadClassifier(model.classifier, { name, createSession, labels: card.labels, embeddings });
  const frontends = {
    own: await createFrontend({ createSession, embedding, floor: card.frontend.floor }),
    chunk: await createFrontend({ createSession, embedding, floor: "chunk" }),
    window: await createFrontend({ createSession, embedding, floor: "window" }),
  };
  const classifier = await open();
  const detector = await createDetector({ card, frontend: frontends.own, classifier: await open() });
  const { testTimeAugmentation, ...withoutCopies } = card;
  const alone =
    testTimeAugmentation &&
    (await createDetector({ card: withoutCopies, frontend: frontends.own, classifier }));
  const recent = (): RecentFeatures => new RecentFeatures(classifier, embeddings);
  return {
    ours: oursWay(detector),
    asItIs: alone && oursWay(alone),
    openWakeWordWay: openWakeWordWay(frontends.chunk, recent()),
    livekitWay: livekitWay(frontends.window, recent()),
    publishedWay: publishedWay(frontends.window, recent()),
    together:
      card.windowing.kind === "embedding-sequence"
        ? await together({ frontend: frontends.chunk, classifier, embeddings })
        : undefined,
    async dispose() {
      await detector.dispose();
      await Promise.all([frontends.chunk.dispose(), frontends.window.dispose(), classifier.dispose()]);
    },
  };
}

const oursWay =
  (detector: Detector): Way =>
  (chunk) =>
    detector.push(chunk);

function openWakeWordWay(frontend: Frontend, recent: RecentFeatures): Way {
  const samples = new Recent(contextLength + chunkLength);
  const frames = new Recent(windowFrames * melBins);
  return async (chunk) => {
    samples.push(chunk);
    const { data } = await frontend.logMel(samples.values.subarray(contextLength), {
      context: samples.values.subarray(0, contextLength),
    });
    frames.push(data);
    const window = { data: frames.values, rows: windowFrames, columns: melBins };
    return recent.score((await frontend.embedWindows(window)).data);
  };
}

function livekitWay(frontend: Frontend, recent: RecentFeatures): Way {
  const samples = new Recent(LIVEKIT_LENGTH);
  return async (chunk) => {
    samples.push(chunk);
    return recent.score((await frontend.embedWindows(await frontend.logMel(samples.values))).data);
  };
}

function publishedWay(frontend: Frontend, recent: RecentFeatures): Way {
  const samples = new Recent(PUBLISHED.windowLength);
  let due = 0;
  return async (chunk) => {
    let scores: Float32Array | undefined;
    for (let from = 0; from < chunk.length;) {
      const taken = Math.min(chunk.length - from, PUBLISHED.hopLength - due);
      samples.push(chunk.subarray(from, from + taken));
      from += taken;
      due += taken;
      if (due < PUBLISHED.hopLength) break;
      due = 0;
      const { data, columns } = await frontend.logMel(samples.values);
      const window = { data: data.subarray(0, windowFrames * columns), rows: windowFrames, columns };
      scores = await recent.score((await frontend.embedWindows(window)).data);
    }
    return scores;
  };
}

async function together(parts: {
  readonly frontend: Frontend;
  readonly classifier: Classifier;
  readonly embeddings: number;
}): Promise<BenchWays["together"]> {
  const { frontend, ...rest } = parts;
  const batch = new StreamBatch({ ...rest, runner: await frontend.streams(), streams: STREAMS });
  for (let i = 0; i < batch.samples.length; i++) batch.samples[i] = ((i * 7919) % 2003) - 1001;
  return { streams: STREAMS, step: () => batch.step() };
}

/** The last values of a stream. */
class Recent {
  readonly values: Float32Array;

  constructor(length: number) {
    this.values = new Float32Array(length);
  }

  push(values: Float32Array): void {
    const last = values.subarray(Math.max(0, values.length - this.values.length));
    this.values.copyWithin(0, last.length);
    this.values.set(last, this.values.length - last.length);
  }
}

/** The last embeddings, scored. */
class RecentFeatures {
  readonly #recent: Recent;
  readonly #classifier: Classifier;

  constructor(classifier: Classifier, embeddings: number) {
    this.#classifier = classifier;
    this.#recent = new Recent(embeddings * dimension);
  }

  score(embeddings: Float32Array): Promise<Float32Array> {
    this.#recent.push(embeddings);
    return this.#classifier.score(this.#recent.values, 1);
  }
}
