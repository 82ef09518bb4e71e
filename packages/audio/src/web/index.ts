// The browser's microphone.
export {
  openWebMicrophone,
  type WebMicrophone,
  type WebMicrophoneOptions,
  type WebMicrophoneState,
} from "./microphone.ts";
