// Detectors.
export { loadDetector, type LoadDetectorOptions, type ModelSource } from "./model/load-detector.ts";
export {
  createNodeSession,
  type NodeProvider,
  type NodeSessionOptions,
  type ProviderFallback,
} from "./runtime/session.ts";

// Listening in one call.
export { listen, type ListenOptions } from "./streams/listen.ts";

// Node streams.
export { createDetectionTransform, type DetectionTransformOptions } from "./streams/detection-transform.ts";
export { createMuteTransform, type MuteTransformOptions } from "./streams/mute-transform.ts";

// Shared model files.
export {
  type Asset,
  type AssetOptions,
  CALLSIGN_EMBEDDING,
  resolveAsset,
  SPEECH_EMBEDDING,
} from "./assets/assets.ts";
export type { DownloadOptions, DownloadProgress } from "./assets/download-options.ts";

// Audio files and microphones, from `@callsign/audio`.
export {
  type AudioInput,
  decodeAudio,
  type DecodeOptions,
  listMicrophones,
  type MicrophoneInfo,
  type MicrophoneProgram,
  openMicrophone,
  type OpenMicrophone,
  type OpenMicrophoneOptions,
  readAudioChunks,
  type ReadAudioChunksOptions,
  readAudioFile,
  type ReadAudioOptions,
} from "@callsign/audio/node";
