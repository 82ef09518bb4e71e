import { CallsignError, type Pcm } from "@callsign/audio/internal";
import { openMicrophone, type OpenMicrophoneOptions } from "@callsign/audio/node/internal";
import {
  checkCallbacks,
  keepListening,
  type ListenCallbacks,
  type StopListening,
} from "../../detector/keep-listening.ts";
import { loadDetector, type LoadDetectorOptions, type ModelSource } from "../model/load-detector.ts";

export interface ListenOptions
  extends
    LoadDetectorOptions,
    ListenCallbacks,
    Pick<OpenMicrophoneOptions, "device" | "through" | "onNoAudio" | "noAudioSeconds"> {
  /** As for `loadDetector`. */
  readonly model: ModelSource | readonly ModelSource[];
  /** Stops listening, or gives up starting it. */
  readonly signal?: AbortSignal;
}

/**
 * Loads one or several models, opens the microphone and reports what is heard: `const stop = await listen({ model,
 * onDetection })`. Resolves when the microphone sends audio, or has sent none for `noAudioSeconds`.
 * @throws CallsignError as `loadDetector` and `openMicrophone`, `ABORTED`
 */
export async function listen(options: ListenOptions): Promise<StopListening> {
  const { model, onDetection, onError, signal, device, through, onNoAudio, noAudioSeconds, ...load } =
    options;
  checkCallbacks(options);
  refuseIfAborted(signal);
  const detector = await loadDetector(model, {
    ...load,
    assets: { ...load.assets, ...(signal && { signal }) },
  });
  const stopping = new AbortController();
  const abort = (): void => stopping.abort();
  signal?.addEventListener("abort", abort);
  const close = async (): Promise<void> => {
    signal?.removeEventListener("abort", abort);
    stopping.abort();
    await detector.dispose();
  };
  try {
    refuseIfAborted(signal);
    let reportSilence = (): void => undefined;
    // oxlint-disable-next-line promise/avoid-new -- the microphone tells by a callback
    const silence = new Promise<void>((resolve) => (reportSilence = resolve));
    const { chunks } = await openMicrophone({
      ...(device !== undefined && { device }),
      ...(through && { through }),
      ...(noAudioSeconds !== undefined && { noAudioSeconds }),
      signal: stopping.signal,
      onNoAudio: () => {
        reportSilence();
        onNoAudio?.();
      },
    });
    // The device itself is opened for the first chunk.
    const first = chunks.next();
    await Promise.race([first, silence]);
    refuseIfAborted(signal);
    const end = (): Promise<void> => Promise.resolve(stopping.abort());
    return keepListening(detector, startingWith(first, chunks), {
      onDetection,
      ...(onError && { onError }),
      end,
      close,
    });
  } catch (error) {
    await close();
    throw error;
  }
}

async function* startingWith<Chunk extends Pcm>(
  first: Promise<IteratorResult<Chunk, unknown>>,
  rest: AsyncGenerator<Chunk>,
): AsyncGenerator<Chunk> {
  try {
    const { done, value } = await first;
    if (done === true) return;
    yield value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

function refuseIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new CallsignError("ABORTED", "listen: starting was aborted", { cause: signal.reason });
}
