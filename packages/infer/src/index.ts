// Detectors; `./node` and `./web` load them.
export type { Detector, OpenStreamOptions } from "./detector/detector.ts";
export type { DetectorStream } from "./detector/detector-stream.ts";
export type { DetectorStep, ModelDetection } from "./detector/feature-track.ts";
export type { LevelGateOptions } from "./detector/level-gate.ts";
export { type AbortLike, detections, type DetectionSource } from "./detector/detections.ts";

export type { ListenCallbacks, StopListening } from "./detector/keep-listening.ts";

// From scores to detections.
export { Decision, type DecisionPolicy, type Detection } from "./detector/decision.ts";
export { type Sensitivity, withSensitivity } from "./model/sensitivity.ts";

// Muting.
export {
  SpeechMuter,
  type SpeechMuterOptions,
  type MutedAudio,
  type MutedSpan,
} from "./muting/speech-muter.ts";
export { costThreshold, type MuteGatePolicy } from "./muting/mute-gate.ts";

// Model cards, and heads without one.
export {
  type AudioVariant,
  commandLabels,
  formatModelCard,
  type ModelCard,
  parseModelCard,
  type Windowing,
} from "./model/model-card.ts";
export type { BareHeadOptions } from "./model/bare-head-card.ts";

// Progress of long work.
export type { Progress } from "./runtime/progress.ts";

// The runtime that executes ONNX graphs.
export type { Session, SessionFactory, Tensor, TensorInfo } from "./runtime/session.ts";

// Audio and errors, from `@callsign/audio`.
export {
  type Audio,
  type AudioNote,
  CallsignError,
  type CallsignErrorCode,
  fromInt16,
  type Pcm,
  PcmDecoder,
  type PcmEncoding,
  readWav,
  resample,
  type ResampleOptions,
  Resampler,
  SAMPLE_RATE_HZ,
  toInt16,
  writeWav,
  type WriteWavOptions,
} from "@callsign/audio";
