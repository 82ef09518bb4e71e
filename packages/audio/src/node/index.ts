// Audio files, pipes and bytes.
export {
  type AudioInput,
  decodeAudio,
  type DecodeOptions,
  readAudioChunks,
  type ReadAudioChunksOptions,
  readAudioFile,
  type ReadAudioOptions,
} from "./read-audio.ts";

// Microphones.
export {
  listMicrophones,
  openMicrophone,
  type OpenMicrophone,
  type OpenMicrophoneOptions,
} from "./microphone/microphone.ts";
export type { MicrophoneInfo, MicrophoneProgram } from "./microphone/microphone-adapter.ts";
