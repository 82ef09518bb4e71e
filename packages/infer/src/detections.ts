import type { Detection } from "./decision.ts";
import type { Pcm } from "./detector.ts";
import { CallsignError } from "./errors.ts";

/** What hears audio chunk by chunk: a `Detector`, or a `DetectorStream` of several models. */
export interface Hearing<Heard extends Detection> {
  push(chunk: Pcm): Promise<readonly { readonly detections: readonly Heard[] }[]>;
}

/** What of an `AbortSignal` is used here; this package's root has no DOM types. */
export interface AbortLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * The detections of a stream of chunks, each as soon as it is known: `for await (const d of detections(detector, chunks))`.
 * Leaving the loop, or an abort even while the next chunk is awaited, lets go of the source.
 * @throws CallsignError `ABORTED`, `AUDIO_NOT_FINITE`, `DISPOSED`, and whatever the source throws
 */
export async function* detections<Heard extends Detection>(
  hearing: Hearing<Heard>,
  chunks: AsyncIterable<Pcm> | Iterable<Pcm>,
  { signal }: { readonly signal?: AbortLike } = {},
): AsyncGenerator<Heard, void, undefined> {
  for await (const chunk of signal === undefined ? chunks : untilAborted(chunks, signal)) {
    for (const step of await hearing.push(chunk)) yield* step.detections;
  }
}

async function* untilAborted(
  chunks: AsyncIterable<Pcm> | Iterable<Pcm>,
  signal: AbortLike,
): AsyncGenerator<Pcm, void, undefined> {
  const source: AsyncIterator<Pcm> | Iterator<Pcm> =
    Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  let refuse = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    refuse = () =>
      reject(new CallsignError("ABORTED", "detections: listening was stopped", { cause: signal.reason }));
    if (signal.aborted) refuse();
    else signal.addEventListener("abort", refuse);
  });
  // Nobody may be waiting when it comes; the next wait tells.
  aborted.catch(() => undefined);
  let ended = false;
  try {
    for (;;) {
      const next = await Promise.race([aborted, source.next()]);
      ended = next.done === true;
      if (ended) return;
      yield next.value as Pcm;
    }
  } finally {
    signal.removeEventListener("abort", refuse);
    // Not awaited: a generator stuck in its own await would hold the abort up.
    if (!ended) void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}
