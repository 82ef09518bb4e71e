import { type Pcm, CallsignError } from "@callsign/audio/internal";
import type { Detection } from "./decision.ts";

/** Anything that turns pushed audio into detections: a `Detector`, a `DetectorStream`, a `WorkerDetector`. */
export interface DetectionSource<Found extends Detection> {
  push(chunk: Pcm): Promise<readonly { readonly detections: readonly Found[] }[]>;
}

/** Subset of `AbortSignal`; the package root uses no DOM types. */
export interface AbortLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * Detections of a sequence of chunks, yielded as soon as they are made: `for await (const d of detections(detector, chunks))`.
 * Leaving the loop closes `chunks`, and so does an abort, even during the wait for a chunk. Chunks are not retained.
 * @throws CallsignError `ABORTED`, `AUDIO_NOT_FINITE`, `AUDIO_OUT_OF_RANGE`, `DISPOSED`, and errors of `chunks`
 */
export async function* detections<Found extends Detection>(
  detector: DetectionSource<Found>,
  chunks: AsyncIterable<Pcm> | Iterable<Pcm>,
  { signal }: { readonly signal?: AbortLike } = {},
): AsyncGenerator<Found, void, undefined> {
  for await (const chunk of signal === undefined ? chunks : untilAborted(chunks, signal)) {
    for (const step of await detector.push(chunk)) yield* step.detections;
  }
}

async function* untilAborted(
  chunks: AsyncIterable<Pcm> | Iterable<Pcm>,
  signal: AbortLike,
): AsyncGenerator<Pcm, void, undefined> {
  const source: AsyncIterator<Pcm> | Iterator<Pcm> =
    Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  // Rejects the current wait. One long-lived promise raced against every chunk would retain them all.
  let rejectWait: ((reason: CallsignError) => void) | undefined;
  const onAbort = (): void => rejectWait?.(aborted(signal));
  const next = (): Promise<IteratorResult<Pcm>> =>
    // oxlint-disable-next-line promise/avoid-new -- settled by the source or by the signal
    new Promise((resolve, reject) => {
      rejectWait = reject;
      Promise.resolve(source.next()).then(resolve, reject);
    });
  let state: "idle" | "waiting" | "ended" = "idle";
  signal.addEventListener("abort", onAbort);
  try {
    for (;;) {
      if (signal.aborted) throw aborted(signal);
      state = "waiting";
      const result = await next();
      state = result.done === true ? "ended" : "idle";
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // A source that failed or ended is already closed; `return` of one that is waiting for its next chunk may never settle.
    if (state === "idle") await source.return?.();
    else if (state === "waiting" && signal.aborted)
      void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

const aborted = (signal: AbortLike): CallsignError =>
  new CallsignError("ABORTED", "detections: listening was stopped", { cause: signal.reason });
