import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { CallsignError } from "@callsign/audio/internal";

export interface EmittedFrame {
  readonly index: number;
  readonly frame: Float32Array;
  /** Scheduled time of emission, on the clock of `monotonicMs`. */
  readonly dueMs: number;
  /** Actual time of emission, measured by the emitter. */
  readonly emittedMs: number;
}

export interface FrameStreamOptions {
  readonly samples: Float32Array;
  readonly frameLength: number;
  /** Time from one frame to the next. */
  readonly periodMs: number;
}

/**
 * Whole frames of a clip, emitted in real time by a worker thread. Frames the consumer has not taken yet are queued.
 * Leaving the loop stops the emitter.
 * @throws CallsignError `WORKER_FAILED`
 */
export async function* streamFrames(options: FrameStreamOptions): AsyncGenerator<EmittedFrame> {
  const total = Math.floor(options.samples.length / options.frameLength);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const inbox = new Inbox();
  // No inherited flags: loading tsx or the test runner would delay the worker's start.
  const worker = new Worker(emitterUrl(), {
    workerData: { ...options, total, stop: stop.buffer },
    execArgv: [],
  });
  worker.on("message", (frame: EmittedFrame) => inbox.put(frame));
  worker.on("error", (error: Error) => inbox.fail(error));
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  void exited.then(() => inbox.fail(new Error("the worker ended early")));
  try {
    for (let i = 0; i < total; i++) yield await inbox.take();
  } finally {
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    await exited;
  }
}

/** Queue of emitted frames not taken yet. */
class Inbox {
  readonly #frames: EmittedFrame[] = [];
  #taken = 0;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;

  put(frame: EmittedFrame): void {
    this.#frames.push(frame);
    this.#wake?.();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  async take(): Promise<EmittedFrame> {
    while (this.#taken === this.#frames.length) {
      if (this.#failure !== undefined)
        throw new CallsignError(
          "WORKER_FAILED",
          `real-time run: the emitting thread failed: ${this.#failure.message}`,
          {
            cause: this.#failure,
          },
        );
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const frame = this.#frames[this.#taken++]!;
    // Frees the array whenever the queue is empty, which is after every frame for a consumer that keeps up.
    if (this.#taken === this.#frames.length) this.#taken = this.#frames.length = 0;
    return frame;
  }
}

/** When run from sources, the emitter is passed as text: Node 20 cannot run a TypeScript file in a plain worker. */
function emitterUrl(): URL {
  if (!import.meta.url.endsWith(".ts")) return new URL("./frame-emitter.js", import.meta.url);
  const source = readFileSync(new URL("./frame-emitter.ts", import.meta.url), "utf8");
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}
