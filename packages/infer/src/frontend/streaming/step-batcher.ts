import { RequestBatcher } from "../../runtime/request-batcher.ts";
import { row } from "../../runtime/rows.ts";

/** What one stream steps on. */
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

/** Runs the steps of independent streams together, as `RequestBatcher` does. */
export class StepBatcher {
  readonly #bind: (buffers: OneStream) => Step;
  /** Room for a full run, and a step over the first n rows of it for each n that came up. */
  #room: OneStream | undefined;
  readonly #steps = new Map<number, Step>();
  readonly #batcher = new RequestBatcher<Request>((requests) => this.#run(requests), MAX_STREAMS);

  constructor(bind: (buffers: OneStream) => Step) {
    this.#bind = bind;
  }

  /** A step of one stream, as `StreamRunner.bind` makes it. */
  bind(buffers: OneStream): Step {
    const request = { buffers, alone: this.#bind(buffers) };
    return () => this.#batcher.submit(request);
  }

  #run(requests: readonly Request[]): Promise<void> {
    if (requests.length === 1) return requests[0]!.alone();
    return this.#runTogether(requests.map(({ buffers }) => buffers));
  }

  async #runTogether(streams: readonly OneStream[]): Promise<void> {
    const room = (this.#room ??= makeRoom(streams[0]!));
    streams.forEach(({ samples, states }, i) => {
      room.samples.set(samples, i * samples.length);
      room.states.set(states, i * states.length);
    });
    await this.#stepOf(room, { of: streams[0]!, count: streams.length })();
    streams.forEach(({ states, embeddings }, i) => {
      states.set(row(room.states, { length: states.length, i }));
      embeddings.set(row(room.embeddings, { length: embeddings.length, i }));
    });
  }

  #stepOf(room: OneStream, { of, count }: { of: OneStream; count: number }): Step {
    const known = this.#steps.get(count);
    if (known !== undefined) return known;
    const step = this.#bind({
      samples: room.samples.subarray(0, count * of.samples.length),
      states: room.states.subarray(0, count * of.states.length),
      embeddings: room.embeddings.subarray(0, count * of.embeddings.length),
    });
    this.#steps.set(count, step);
    return step;
  }
}

/** Streams in one run: enough to spread its fixed cost, few enough to stay in the cache and keep the event loop free. */
export const MAX_STREAMS = 16;

const makeRoom = ({ samples, states, embeddings }: OneStream): OneStream => ({
  samples: new Float32Array(MAX_STREAMS * samples.length),
  states: new Float32Array(MAX_STREAMS * states.length),
  embeddings: new Float32Array(MAX_STREAMS * embeddings.length),
});
