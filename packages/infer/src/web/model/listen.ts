import {
  openWebMicrophone,
  type WebMicrophone,
  type WebMicrophoneOptions,
} from "@callsign/audio/web/internal";
import type { DetectionSource } from "../../detector/detections.ts";
import type { ModelDetection } from "../../detector/detector.ts";
import {
  checkCallbacks,
  keepListening,
  type ListenCallbacks,
  type StopListening,
} from "../../detector/keep-listening.ts";
import { createWebSession, type WebSessionOptions } from "../runtime/web-session.ts";
import { WorkerDetector } from "../worker/worker-detector.ts";
import { loadWebDetector, type WebLoadOptions } from "./web-detector.ts";
import type { WebModel } from "./web-model.ts";

export interface ListenOptions
  extends
    Omit<WebLoadOptions, "createSession" | "signal">,
    WebSessionOptions,
    Omit<WebMicrophoneOptions, "deviceId" | "signal">,
    ListenCallbacks {
  /** One or several models. */
  readonly model: WebModel | readonly WebModel[];
  /** Runs the models, so that the page stays responsive: its module calls `serveDetector()`. Ended with listening. */
  readonly worker?: Worker;
  /** Id of the microphone, as in `navigator.mediaDevices.enumerateDevices()`. Default the browser's choice. */
  readonly device?: string;
  /** Stops listening, or gives up starting it. */
  readonly signal?: AbortSignal;
}

/**
 * Loads one or several models, opens the microphone and reports what is heard: `const stop = await listen({ model,
 * onDetection })`. Call it from a click handler.
 * @throws CallsignError as `loadWebDetector`, `WorkerDetector.load` and `openWebMicrophone`
 */
export async function listen(options: ListenOptions): Promise<StopListening> {
  checkCallbacks(options);
  const { onDetection, onError } = options;
  const detector = await loadHearing(options);
  let microphone: WebMicrophone;
  try {
    microphone = await openWebMicrophone(microphoneOptions(options));
  } catch (error) {
    await detector.dispose();
    throw error;
  }
  return keepListening(detector, microphone, {
    onDetection,
    ...(onError && { onError }),
    end: () => microphone.close(),
    close: async () => {
      await microphone.close();
      await detector.dispose();
    },
  });
}

/** The models in the worker, or in this thread. */
async function loadHearing(
  options: ListenOptions,
): Promise<DetectionSource<ModelDetection> & { dispose(): Promise<void> }> {
  const {
    model,
    worker,
    embedding,
    graphs,
    threshold,
    falseAlarmsPerDay,
    providers,
    wasmUrl,
    signal,
    onNote,
  } = options;
  const session: WebSessionOptions = {
    ...(providers && { providers }),
    ...(wasmUrl !== undefined && { wasmUrl }),
  };
  const load: WebLoadOptions = {
    ...(embedding !== undefined && { embedding }),
    ...(graphs !== undefined && { graphs }),
    ...(threshold !== undefined && { threshold }),
    ...(falseAlarmsPerDay !== undefined && { falseAlarmsPerDay }),
    ...(signal && { signal }),
  };
  const models = Array.isArray(model) ? (model as readonly WebModel[]) : [model as WebModel];
  if (worker === undefined)
    return loadWebDetector(models, {
      ...load,
      createSession: createWebSession(session),
      ...(onNote && { onNote }),
    });
  const detector = await WorkerDetector.load(worker, { ...load, ...session, models });
  for (const note of detector.notes) onNote?.(note);
  return detector;
}

function microphoneOptions(options: ListenOptions): WebMicrophoneOptions {
  const { device, workletUrl, onDropped, onStateChange, signal } = options;
  return {
    ...(device !== undefined && { deviceId: device }),
    ...(workletUrl !== undefined && { workletUrl }),
    ...(onDropped && { onDropped }),
    ...(onStateChange && { onStateChange }),
    ...(signal && { signal }),
  };
}
