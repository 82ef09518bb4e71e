import { EMBEDDING } from "./embedding.ts";
import { EmbeddingRunner } from "./embedding-runner.ts";
import { CallsignError } from "@callsign/audio/internal";
import { derivedGraphs, type GraphSource } from "./frontend-graphs.ts";
import { LOG_MEL, type LogMelFloor, type LogMelOptions } from "./log-mel.ts";
import { LogMelRunner } from "./log-mel-runner.ts";
import { type Matrix, type MatrixBatch, sliceRows } from "../runtime/matrix.ts";
import { OpenOnce } from "../runtime/open-once.ts";
import type { SessionFactory } from "../runtime/session.ts";
import { StreamRunner } from "./streaming/stream-runner.ts";

/** What came before the samples: only with floor `chunk`, 480 of them, silence where left out. */
export type FrontendOptions = Pick<LogMelOptions, "context">;

/**
 * Front-end: features of audio, the same code for training and detection. Samples are int16 magnitudes at 16 kHz. Long clips
 * are computed in blocks, so that memory stays small. Results are new arrays.
 */
export interface Frontend {
  readonly floor: LogMelFloor;
  /** sha256 of the embedding file, if the creator passed it. */
  readonly embeddingSha256?: string;
  /**
   * Log-mel frames `[frames, 32]`. Floor `chunk` processes whole chunks of 1280 samples, 8 frames each, and drops a remainder
   * at the end. @throws CallsignError `AUDIO_TOO_SHORT` for fewer than 512 samples, or 1280 with floor `chunk`
   */
  logMel(samples: Float32Array, options?: FrontendOptions): Promise<Matrix>;
  /** Embeddings `[steps, 96]`: step j covers frames 8 j to 8 j + 76. @throws CallsignError `AUDIO_TOO_SHORT` */
  embed(logMel: Matrix): Promise<Matrix>;
  /** The values of `embed` computed window by window with the published graph, at nine times the cost. */
  embedWindows(logMel: Matrix): Promise<Matrix>;
  /**
   * Embeddings `[steps, 96]` of a clip. With floor `chunk` they are those of a stream, each ending with a chunk: step j covers
   * frames 8 j + 4 to 8 j + 80.
   */
  features(samples: Float32Array, options?: FrontendOptions): Promise<Matrix>;
  /** Log-mels of clips of equal length, one per row of `samples`; each is clamped separately and preceded by silence. */
  logMelBatch(samples: Matrix): Promise<MatrixBatch>;
  /** Embeddings of log-mels of equal length. */
  embedBatch(logMels: MatrixBatch): Promise<MatrixBatch>;
  /** `features` of clips of equal length, one per row of `samples`. */
  featuresBatch(samples: Matrix): Promise<MatrixBatch>;
  /**
   * Streaming front-end, for floor `chunk`: the values of `features` chunk by chunk, without recomputing earlier frames. Opened
   * at the first call, disposed of with the front-end. @throws CallsignError `INVALID_ARGUMENT` (floor `window`), `DISPOSED`
   */
  streams(): Promise<StreamRunner>;
  dispose(): Promise<void>;
}

export interface CreateFrontendOptions {
  readonly createSession: SessionFactory;
  /** ONNX bytes of a speech embedding in its published form, or a function that loads them. */
  readonly embedding: Uint8Array | (() => Promise<Uint8Array>);
  readonly floor: LogMelFloor;
  readonly embeddingSha256?: string;
  /** Default `derivedGraphs` of the embedding. */
  readonly graphs?: GraphSource;
  /** Defers the sessions for whole clips to the first clip. The session for streams is always opened on first use. */
  readonly isForStreams?: boolean;
}

/**
 * Opens a session for each graph of the front-end.
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `SESSION_FAILED`
 */
export async function createFrontend(options: CreateFrontendOptions): Promise<Frontend> {
  const { createSession, embedding: given, floor, embeddingSha256, isForStreams = false } = options;
  const embedding = typeof given === "function" ? given : () => Promise.resolve(given);
  const graphs = options.graphs ?? derivedGraphs(embedding);
  const clips = new OpenOnce(async (): Promise<ClipRunners> => {
    const embedder = await EmbeddingRunner.create(createSession, { graphs, embedding });
    try {
      return { embedder, logMel: await LogMelRunner.create(createSession, { floor, graphs }) };
    } catch (error) {
      await embedder.dispose();
      throw error;
    }
  });
  const streams = new OpenOnce(() => StreamRunner.create(createSession, graphs));
  if (!isForStreams) await clips.get();
  return new SessionFrontend({ floor, embeddingSha256, clips, streams });
}

/** Sessions for whole clips. */
interface ClipRunners {
  readonly logMel: LogMelRunner;
  readonly embedder: EmbeddingRunner;
}

class SessionFrontend implements Frontend {
  readonly floor: LogMelFloor;
  declare readonly embeddingSha256?: string;
  readonly #clips: OpenOnce<ClipRunners>;
  readonly #streams: OpenOnce<StreamRunner>;
  #disposal: Promise<void> | undefined;

  constructor(parts: {
    floor: LogMelFloor;
    embeddingSha256: string | undefined;
    clips: OpenOnce<ClipRunners>;
    streams: OpenOnce<StreamRunner>;
  }) {
    this.floor = parts.floor;
    this.#clips = parts.clips;
    this.#streams = parts.streams;
    if (parts.embeddingSha256 !== undefined) this.embeddingSha256 = parts.embeddingSha256;
  }

  async logMel(samples: Float32Array, options: FrontendOptions = {}): Promise<Matrix> {
    return (await this.#opened()).logMel.run(samples, options);
  }

  async embed(logMel: Matrix): Promise<Matrix> {
    const { data, rows, columns } = await this.embedBatch({ ...logMel, batch: 1 });
    return { data, rows, columns };
  }

  async embedWindows(logMel: Matrix): Promise<Matrix> {
    return (await this.#opened()).embedder.runWindows(logMel);
  }

  async features(samples: Float32Array, options: FrontendOptions = {}): Promise<Matrix> {
    const logMel = await this.logMel(samples, options);
    return this.embed(withoutRows(logMel, this.#leadingFrames));
  }

  async logMelBatch(samples: Matrix): Promise<MatrixBatch> {
    return (await this.#opened()).logMel.runBatch(samples);
  }

  async embedBatch(logMels: MatrixBatch): Promise<MatrixBatch> {
    return (await this.#opened()).embedder.run(logMels);
  }

  async featuresBatch(samples: Matrix): Promise<MatrixBatch> {
    const logMels = await this.logMelBatch(samples);
    return this.embedBatch(sliceRows(logMels, { from: this.#leadingFrames, to: logMels.rows }));
  }

  async streams(): Promise<StreamRunner> {
    if (this.floor !== "chunk")
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `streams of chunks need a front-end with floor chunk, got ${this.floor}`,
      );
    this.#refuseIfDisposed();
    return this.#streams.get();
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#free();
    return this.#disposal;
  }

  async #free(): Promise<void> {
    const [clips, streams] = await Promise.all([this.#clips.ifOpened(), this.#streams.ifOpened()]);
    await Promise.all([clips?.logMel.dispose(), clips?.embedder.dispose(), streams?.dispose()]);
  }

  async #opened(): Promise<ClipRunners> {
    this.#refuseIfDisposed();
    return this.#clips.get();
  }

  #refuseIfDisposed(): void {
    if (this.#disposal !== undefined)
      throw new CallsignError("DISPOSED", "this front-end was disposed of; load the model again");
  }

  /** Frames before a stream's first embedding: 76 frames end with a chunk if they start 4 frames into one. */
  get #leadingFrames(): number {
    return this.floor === "window" ? 0 : LOG_MEL.chunkFrames - (EMBEDDING.windowFrames % LOG_MEL.chunkFrames);
  }
}

const withoutRows = ({ data, rows, columns }: Matrix, count: number): Matrix => ({
  data: data.subarray(count * columns),
  rows: Math.max(0, rows - count),
  columns,
});
