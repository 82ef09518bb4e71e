import { EMBEDDING } from "../embedding.ts";
import { STREAM_IO } from "../graph-names.ts";
import { type GraphSource } from "../frontend-graphs.ts";
import { CallsignError } from "@callsign/audio/internal";
import { floatOutput, type Session, type SessionFactory, type Tensor } from "../../runtime/session.ts";
import { LOG_MEL } from "../log-mel.ts";
import { StepBatcher } from "./step-batcher.ts";

/** Buffers of one batched front-end step. Fill `samples` before the step, read `embeddings` after it. */
export interface StreamBuffers {
  /** New samples `[streams, chunks * 1280]`, int16 magnitudes. */
  readonly samples: Float32Array;
  /** `[streams, stateLength]`, updated in place. */
  readonly states: Float32Array;
  /** `[streams, chunks, 96]` */
  readonly embeddings: Float32Array;
}

/**
 * Session of the streaming front-end: every 1280 samples give one embedding, at about a ninth of the cost of a whole window.
 * It is stateless: the history of a stream is its row of `states`, so any number of streams share a runner, alone or several
 * per run.
 */
export class StreamRunner {
  /** Number of values of one stream's state. */
  readonly stateLength: number;
  /** State after endless silence, the initial state of every stream; copy before use. */
  readonly silence: Float32Array;
  /** Embedding of endless silence. */
  readonly silentEmbedding: Float32Array;
  readonly #session: Session;
  readonly #batcher = new StepBatcher((buffers) => this.bind(buffers));

  private constructor(session: Session, length: number) {
    this.#session = session;
    this.stateLength = length;
    this.silence = new Float32Array(length);
    this.silentEmbedding = new Float32Array(EMBEDDING.dimension);
  }

  /** @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `SESSION_FAILED` */
  static async create(createSession: SessionFactory, graphs: GraphSource): Promise<StreamRunner> {
    const session = await createSession(await graphs("stream"), { name: NAME, isTrusted: true });
    const state = session.inputs.find(({ name }) => name === STREAM_IO.inputs.state);
    const runner = new StreamRunner(session, Number(state!.dims[1]));
    const samples = new Float32Array(chunkLength);
    const step = runner.bind({ samples, states: runner.silence, embeddings: runner.silentEmbedding });
    for (let chunk = 0; chunk < SETTLING_CHUNKS; chunk++) await step();
    return runner;
  }

  /**
   * Returns a function that runs a step on the given buffers. Tensors are created once and results written in place, so a
   * step allocates almost nothing. The buffers must not be used during a step, which throws `SESSION_FAILED`.
   * @throws CallsignError `INVALID_ARGUMENT`
   */
  bind(buffers: StreamBuffers): () => Promise<void> {
    const { inputs, outputs } = this.#tensors(buffers);
    const session = this.#session;
    return async () => {
      const results = await session.run(inputs, outputs);
      for (const [output, { data, dims }] of Object.entries(outputs)) {
        const result = floatOutput(results, { output, dims, name: NAME });
        // A runtime that cannot write in place returns its own buffer.
        if (result !== data) data.set(result);
      }
    };
  }

  /** Like `bind`, for one stream and one chunk; concurrent steps of such streams share a run. */
  bindBatched(buffers: StreamBuffers): () => Promise<void> {
    return this.#batcher.bind(buffers);
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }

  #tensors(buffers: StreamBuffers): {
    inputs: Record<string, Tensor>;
    outputs: Record<string, Tensor & { readonly data: Float32Array }>;
  } {
    const { samples, states, embeddings } = buffers;
    const streams = states.length / this.stateLength;
    const chunks = samples.length / chunkLength / streams;
    const whole = Number.isInteger(streams) && Number.isInteger(chunks) && streams >= 1 && chunks >= 1;
    if (!whole || embeddings.length !== streams * chunks * EMBEDDING.dimension)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `${NAME}: expected states of ${this.stateLength} values a stream, samples in whole chunks of ${chunkLength} ` +
          `a stream and ${EMBEDDING.dimension} embedding values a chunk, ` +
          `got ${states.length}, ${samples.length} and ${embeddings.length} values`,
      );
    const state = { data: states, dims: [streams, this.stateLength] };
    return {
      inputs: {
        [STREAM_IO.inputs.samples]: { data: samples, dims: [streams, chunks * chunkLength] },
        [STREAM_IO.inputs.state]: state,
      },
      outputs: {
        [STREAM_IO.outputs.embeddings]: { data: embeddings, dims: [streams, chunks, EMBEDDING.dimension] },
        // In place: the graph reads the whole state before it writes any of it.
        [STREAM_IO.outputs.state]: state,
      },
    };
  }
}

const NAME = "speech embedding of a stream";
const { chunkLength } = LOG_MEL;

/** Chunks until all 76 frames are silence, 8 per chunk, and one more for the context. */
const SETTLING_CHUNKS = 11;
