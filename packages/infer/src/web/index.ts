// Listening in one call.
export { listen, type ListenOptions } from "./model/listen.ts";

// A detector in a worker: both ends.
export { serveDetector, type WorkerScope } from "./worker/detector-worker.ts";
export { WorkerDetector, type WorkerLoadOptions } from "./worker/worker-detector.ts";
export type { WorkerModels } from "./worker/messages.ts";

// A detector in the page's own thread.
export { type EmbeddingId, loadWebDetector, type WebLoadOptions } from "./model/web-detector.ts";
export type { WebModel, WebModelSource } from "./model/web-model.ts";
export { createWebSession, type WebProvider, type WebSessionOptions } from "./runtime/web-session.ts";

// The microphone, from `@callsign/audio`.
export {
  openWebMicrophone,
  type WebMicrophone,
  type WebMicrophoneOptions,
  type WebMicrophoneState,
} from "@callsign/audio/web";
