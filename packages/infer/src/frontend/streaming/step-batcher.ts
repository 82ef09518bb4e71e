import { RequestBatcher } from "../../runtime/request-batcher.ts";
import { row } from "../../runtime/matrix.ts";

/** Buffers of one stream and one chunk; see `StreamBuffers`. */
interface OneStream {
  readonly samples: Float32Array;
  readonly states: Float32Array;
  readonly embeddings: Float32Array;
}

type Step = () => Promise<void>;

interface Request {
  readonly buffers: OneStream;
  readonly alone: Step;
}

/** Batches concurrent steps of independent streams into one run. */
export class StepBatcher {
  readonly #bind: (buffers: OneStream) => Step;
  /** Scratch buffers of a full batch, and one bound step per batch size used so far. */
  #scratch: OneStream | undefined;
  readonly #steps = new Map<number, Step>();
  readonly #batcher = new RequestBatcher<Request>((requests) => this.#run(requests), MAX_STREAMS);

  constructor(bind: (buffers: OneStream) => Step) {
    this.#bind = bind;
  }

  /** Step of one stream, with the effect of `StreamRunner.bind`. */
  bind(buffers: OneStream): Step {
    const request = { buffers, alone: this.#bind(buffers) };
    return () => this.#batcher.submit(request);
  }

  #run(requests: readonly Request[]): Promise<void> {
    if (requests.length === 1) return requests[0]!.alone();
    return this.#runBatch(requests.map(({ buffers }) => buffers));
  }

  async #runBatch(streams: readonly OneStream[]): Promise<void> {
    const scratch = (this.#scratch ??= makeScratch(streams[0]!));
    streams.forEach(({ samples, states }, i) => {
      scratch.samples.set(samples, i * samples.length);
      scratch.states.set(states, i * states.length);
    });
    await this.#stepOf(scratch, { stream: streams[0]!, count: streams.length })();
    streams.forEach(({ states, embeddings }, i) => {
      states.set(row(scratch.states, { length: states.length, i }));
      embeddings.set(row(scratch.embeddings, { length: embeddings.length, i }));
    });
  }

  #stepOf(scratch: OneStream, { stream, count }: { stream: OneStream; count: number }): Step {
    const known = this.#steps.get(count);
    if (known !== undefined) return known;
    const step = this.#bind({
      samples: scratch.samples.subarray(0, count * stream.samples.length),
      states: scratch.states.subarray(0, count * stream.states.length),
      embeddings: scratch.embeddings.subarray(0, count * stream.embeddings.length),
    });
    this.#steps.set(count, step);
    return step;
  }
}

/** Most streams per run: enough to amortize its fixed cost, few enough to fit the cache and not block the event loop. */
export const MAX_STREAMS = 16;

const makeScratch = ({ samples, states, embeddings }: OneStream): OneStream => ({
  samples: new Float32Array(MAX_STREAMS * samples.length),
  states: new Float32Array(MAX_STREAMS * states.length),
  embeddings: new Float32Array(MAX_STREAMS * embeddings.length),
});
