import { EMBEDDING } from "../embedding.ts";
import { LOG_MEL } from "../log-mel.ts";
import { row } from "../../runtime/rows.ts";
import { MAX_STREAMS } from "./step-batcher.ts";
import type { StreamRunner } from "./stream-runner.ts";

/** How many streams, and the embeddings of one example of each. */
export interface StreamStatesOptions {
  readonly embeddings: number;
  readonly streams: number;
}

/** Streams of windowing `embedding-sequence` that step together: the last embeddings of each are one example. */
export class StreamStates {
  /** The next chunk of every stream `[streams, 1280]`, int16 magnitudes; must be finite. */
  readonly samples: Float32Array;
  /** `[streams, embeddings, 96]`, as of the last step. */
  readonly features: Float32Array;
  readonly streams: number;
  readonly #runner: StreamRunner;
  readonly #exampleLength: number;
  readonly #states: Float32Array;
  readonly #latest: Float32Array;
  readonly #runs: readonly (() => Promise<void>)[];

  /** @param runner from `Frontend.streams`; stays its owner's */
  constructor(runner: StreamRunner, { embeddings, streams }: StreamStatesOptions) {
    this.#runner = runner;
    this.streams = streams;
    this.#exampleLength = embeddings * dimension;
    this.samples = new Float32Array(streams * chunkLength);
    this.features = new Float32Array(streams * this.#exampleLength);
    this.#states = new Float32Array(streams * runner.stateLength);
    this.#latest = new Float32Array(streams * dimension);
    this.#runs = this.#bindRuns();
    this.reset();
  }

  /** Hears `samples`. @throws CallsignError `SESSION_FAILED` */
  async step(): Promise<void> {
    for (const run of this.#runs) await run();
    const length = this.#exampleLength;
    for (let stream = 0; stream < this.streams; stream++) {
      const [from, to] = [stream * length, (stream + 1) * length];
      this.features.copyWithin(from, from + dimension, to);
      this.features.set(row(this.#latest, { length: dimension, i: stream }), to - dimension);
    }
  }

  /** Starts all streams again, as if digital silence had come before. */
  reset(): void {
    for (let stream = 0; stream < this.streams; stream++) this.resetStream(stream);
  }

  /** The same for one. */
  resetStream(stream: number): void {
    const { silence, silentEmbedding, stateLength } = this.#runner;
    this.#states.set(silence, stream * stateLength);
    const example = row(this.features, { length: this.#exampleLength, i: stream });
    for (let from = 0; from < example.length; from += dimension) example.set(silentEmbedding, from);
  }

  #bindRuns(): (() => Promise<void>)[] {
    const runner = this.#runner;
    const buffers = { samples: this.samples, states: this.#states, embeddings: this.#latest };
    // A stream by itself may step together with others that are by themselves.
    if (this.streams === 1) return [runner.bindBatched(buffers)];
    return Array.from({ length: Math.ceil(this.streams / MAX_STREAMS) }, (_, run) => {
      const [from, to] = [run * MAX_STREAMS, Math.min(this.streams, (run + 1) * MAX_STREAMS)];
      return runner.bind({
        samples: buffers.samples.subarray(from * chunkLength, to * chunkLength),
        states: buffers.states.subarray(from * runner.stateLength, to * runner.stateLength),
        embeddings: buffers.embeddings.subarray(from * dimension, to * dimension),
      });
    });
  }
}

const { chunkLength } = LOG_MEL;
const { dimension } = EMBEDDING;
