import { CallsignError, type Pcm } from "@callsign/audio/internal";
import { detections, type DetectionSource } from "./detections.ts";
import type { ModelDetection } from "./feature-track.ts";

/** What `listen` calls. */
export interface ListenCallbacks {
  /** Called with each detection as soon as it is known. */
  readonly onDetection: (detection: ModelDetection) => void;
  /**
   * Called once with the error that ended listening, after everything is closed; an error that `onDetection` throws is one.
   * Without it the error becomes an unhandled rejection.
   */
  readonly onError?: (error: unknown) => void;
}

/** Stops listening and closes everything that was opened: microphone, sessions and worker. No callback comes after it. */
export type StopListening = () => Promise<void>;

export interface KeepListeningOptions extends ListenCallbacks {
  /** Ends `chunks`. */
  readonly end: () => Promise<void>;
  /** Closes everything; called once. */
  readonly close: () => Promise<void>;
}

/** @throws CallsignError `INVALID_ARGUMENT` unless `onDetection` is a function */
export function checkCallbacks({ onDetection }: ListenCallbacks): void {
  if (typeof onDetection !== "function")
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `listen: expected onDetection, a function that takes a detection, got ${typeof onDetection}`,
    );
}

/** Reports the detections of open chunks until stopped, the chunks end, or something fails. */
export function keepListening(
  detector: DetectionSource<ModelDetection>,
  chunks: AsyncIterable<Pcm>,
  { onDetection, onError, end, close }: KeepListeningOptions,
): StopListening {
  let isStopped = false;
  const listen = async (): Promise<void> => {
    try {
      for await (const detection of detections(detector, chunks)) {
        if (isStopped) break;
        onDetection(detection);
      }
    } finally {
      await close();
    }
  };
  const ended = listen().catch((error: unknown) => {
    if (isStopped) return;
    if (onError === undefined) throw error;
    onError(error);
  });
  return async () => {
    isStopped = true;
    await end();
    await ended.catch(() => undefined);
  };
}
