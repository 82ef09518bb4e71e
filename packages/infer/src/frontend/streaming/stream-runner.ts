import { EMBEDDING } from "../embedding.ts";
import { type GraphSource, STREAM_IO } from "../frontend-graphs.ts";
import { CallsignError } from "@callsign/audio/internal";
import { floatOutput } from "../../runtime/float-output.ts";
import { LOG_MEL } from "../log-mel.ts";
import type { Session, SessionFactory, Tensor } from "../../runtime/session.ts";
import { StepBatcher } from "./step-batcher.ts";

/** What some streams step on: the owner fills `samples` before each step and reads `embeddings` after it. */
export interface StreamBuffers {
  /** New samples `[streams, chunks * 1280]`, int16 magnitudes. */
  readonly samples: Float32Array;
  /** `[streams, stateLength]`, advanced in place. */
  readonly states: Float32Array;
  /** `[streams, chunks, 96]` */
  readonly embeddings: Float32Array;
}

/**
 * The front-end of streams in a session: 1280 samples in (or several times as many), one embedding out, at about a
 * ninth of the cost of a whole window. It remembers nothing: what it knows of a stream is that stream's row of
 * `states`, so any number of streams share it, one at a time or many in one run.
 */
export class StreamRunner {
  /** Values of one stream's state. */
  readonly stateLength: number;
  /** The state after endless silence; every stream starts from a copy. */
  readonly silence: Float32Array;
  /** The embedding of endless silence. */
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
   * A step over these buffers, to be taken again and again: tensors are made once, results land in the buffers, and a
   * step allocates next to nothing. The buffers must not be touched while one is under way. The step throws
   * `SESSION_FAILED`. @throws CallsignError `INVALID_ARGUMENT`
   */
  bind(buffers: StreamBuffers): () => Promise<void> {
    const { inputs, outputs } = this.#tensors(buffers);
    const session = this.#session;
    return async () => {
      const results = await session.run(inputs, outputs);
      for (const [output, { data, dims }] of Object.entries(outputs)) {
        const result = floatOutput(results, { output, dims, name: NAME });
        // A runtime that cannot write where it is told returns its own buffer.
        if (result !== data) data.set(result);
      }
    };
  }

  /** As `bind`, for one stream and one chunk, run together with the other streams that step at the same time. */
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
        // In place: the graph has read all of the state before it writes any of it.
        [STREAM_IO.outputs.state]: state,
      },
    };
  }
}

const NAME = "speech embedding of a stream";
const { chunkLength } = LOG_MEL;

/** Silence fills 76 frames of 8 a chunk in 10 chunks; one more for its context. */
const SETTLING_CHUNKS = 11;
