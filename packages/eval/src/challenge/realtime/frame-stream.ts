import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { CallsignError } from "@callsign/audio/internal";

export interface EmittedFrame {
  readonly index: number;
  readonly frame: Float32Array;
  /** When it should have been emitted, on the clock of `monotonicMs`. */
  readonly dueMs: number;
  /** When it was, stamped by the emitter. */
  readonly emittedMs: number;
}

export interface FrameStreamOptions {
  readonly samples: Float32Array;
  readonly frameLength: number;
  /** Time from one frame to the next. */
  readonly periodMs: number;
}

/**
 * The whole frames of a clip, each emitted by a worker thread when its time has come, whether or not the consumer has
 * taken the ones before; those wait. Leaving the loop stops the emitter.
 * @throws CallsignError `WORKER_FAILED`
 */
export async function* streamFrames(options: FrameStreamOptions): AsyncGenerator<EmittedFrame> {
  const total = Math.floor(options.samples.length / options.frameLength);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const inbox = new Inbox();
  // No flags of ours: a worker that loaded tsx or the test runner would start late for nothing.
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

/** Frames that have come but were not taken yet. */
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
    // A consumer that keeps up empties the box at every frame, so it never grows.
    if (this.#taken === this.#frames.length) this.#taken = this.#frames.length = 0;
    return frame;
  }
}

/** From the sources the emitter travels as text, because a bare worker of Node 20 runs no TypeScript file. */
function emitterUrl(): URL {
  if (!import.meta.url.endsWith(".ts")) return new URL("./frame-emitter.js", import.meta.url);
  const source = readFileSync(new URL("./frame-emitter.ts", import.meta.url), "utf8");
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}
