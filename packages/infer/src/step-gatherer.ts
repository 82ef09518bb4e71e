/** What one stream steps on. */
interface OneStream {
  readonly samples: Float32Array;
  readonly states: Float32Array;
  readonly embeddings: Float32Array;
}

type Step = () => Promise<void>;

interface Waiting {
  readonly buffers: OneStream;
  readonly alone: Step;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs the steps of independent streams together: what is asked for while a run is under way waits for its end, and then
 * goes as one run. So a single stream is never held up, and under load the fixed cost of a run is shared.
 */
export class StepGatherer {
  readonly #bind: (buffers: OneStream) => Step;
  /** Room for a full run, and a step over the first n rows of it for each n that came up. */
  #room: OneStream | undefined;
  readonly #steps = new Map<number, Step>();
  #waiting: Waiting[] = [];
  #running = false;

  constructor(bind: (buffers: OneStream) => Step) {
    this.#bind = bind;
  }

  /** A step of one stream, as `StreamRunner.bind` makes it. */
  join(buffers: OneStream): Step {
    const alone = this.#bind(buffers);
    return () =>
      new Promise((resolve, reject) => {
        this.#waiting.push({ buffers, alone, resolve, reject });
        if (!this.#running) void this.#run();
      });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting.splice(0, STREAMS_AT_ONCE);
      try {
        if (together.length === 1) await together[0]!.alone();
        else await this.#runTogether(together.map(({ buffers }) => buffers));
        for (const { resolve } of together) resolve();
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#running = false;
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

/** Enough to spread a run's fixed cost, few enough to stay in the cache and keep the event loop free. */
const STREAMS_AT_ONCE = 16;

const makeRoom = ({ samples, states, embeddings }: OneStream): OneStream => ({
  samples: new Float32Array(STREAMS_AT_ONCE * samples.length),
  states: new Float32Array(STREAMS_AT_ONCE * states.length),
  embeddings: new Float32Array(STREAMS_AT_ONCE * embeddings.length),
});

const row = (data: Float32Array, { length, i }: { length: number; i: number }): Float32Array =>
  data.subarray(i * length, (i + 1) * length);
