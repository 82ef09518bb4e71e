import { fromUnitFloat } from "../audio/pcm.ts";
import { Resampler } from "../audio/resampler.ts";
import { CallsignError } from "../errors.ts";
import { SAMPLE_RATE_HZ } from "../model-card.ts";
import { CAPTURE_PROCESSOR, captureModuleUrl } from "./capture-worklet.ts";
import { ChunkQueue } from "./chunk-queue.ts";

export interface WebMicrophoneOptions {
  /** As `navigator.mediaDevices.enumerateDevices` names it; default the browser's choice. */
  readonly deviceId?: string;
  /** Told of audio that was let go of because nobody heard it in time, in seconds: a page in trouble. */
  readonly onDropped?: (seconds: number) => void;
}

/** A microphone that is on. Its audio is 16 kHz mono in int16 magnitudes, in chunks as they come. */
export interface WebMicrophone extends AsyncIterable<Float32Array> {
  /** The device's own rate. */
  readonly sampleRateHz: number;
  /** Its name, where the browser tells. */
  readonly label: string;
  /** Switches it off; the loop over it ends. */
  close(): Promise<void>;
}

/** Audio waits so long for whoever hears it; then the oldest goes. */
const MOST_SECONDS = 10;

/**
 * Opens the microphone through an AudioWorklet, whose thread goes on in a hidden tab. The browser's own echo cancelling,
 * noise suppression and gain stay off: they change what a detector hears. Call it from a click: browsers want one.
 * @throws CallsignError `MICROPHONE_FAILED`, which says what to do; the loop throws it when the microphone is unplugged
 */
export async function openWebMicrophone(options: WebMicrophoneOptions = {}): Promise<WebMicrophone> {
  const stream = await askForMicrophone(options.deviceId);
  const [track] = stream.getAudioTracks();
  const context = new AudioContext();
  const queue = new ChunkQueue({
    mostSamples: MOST_SECONDS * SAMPLE_RATE_HZ,
    ...(options.onDropped && { onDropped: (samples) => options.onDropped!(samples / SAMPLE_RATE_HZ) }),
  });
  const close = async (): Promise<void> => {
    queue.end();
    for (const one of stream.getTracks()) one.stop();
    if (context.state !== "closed") await context.close();
  };
  try {
    const resampler = new Resampler({ fromHz: context.sampleRate, toHz: SAMPLE_RATE_HZ });
    const node = await makeCaptureNode(context);
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      const samples = resampler.push(fromUnitFloat(data));
      if (samples.length > 0) queue.push(samples);
    };
    context.createMediaStreamSource(stream).connect(node);
    track!.onended = () => queue.end(failure("the microphone is gone; plug it in again and start anew"));
    await context.resume();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    sampleRateHz: context.sampleRate,
    label: track!.label,
    close,
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
  };
}

async function askForMicrophone(deviceId: string | undefined): Promise<MediaStream> {
  // Undefined in pages that are not secure, whatever the types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined)
    throw failure("this page may not use a microphone; open it over https or from localhost");
  const audio = {
    ...(deviceId !== undefined && { deviceId: { exact: deviceId } }),
    channelCount: 1,
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
  };
  return devices.getUserMedia({ audio }).catch((cause: unknown) => {
    const name = cause instanceof DOMException ? cause.name : "";
    throw failure(ADVICE[name] ?? `it does not open: ${String(cause)}`, cause);
  });
}

const ADVICE: Readonly<Record<string, string>> = {
  NotAllowedError: "the microphone was not allowed; allow it beside the page's address and try again",
  NotFoundError: "there is no microphone; plug one in and try again",
  NotReadableError: "the microphone does not open; another program may be holding it",
  OverconstrainedError: "that microphone is not there any more; choose another",
};

async function makeCaptureNode(context: AudioContext): Promise<AudioWorkletNode> {
  if (typeof AudioWorkletNode === "undefined")
    throw failure("this browser has no AudioWorklet; it is older than 2021, update it");
  const url = captureModuleUrl();
  try {
    await context.audioWorklet.addModule(url);
  } catch (cause) {
    throw failure(
      `the page's security policy refuses the worklet (allow blob: in script-src): ${String(cause)}`,
      cause,
    );
  } finally {
    URL.revokeObjectURL(url);
  }
  return new AudioWorkletNode(context, CAPTURE_PROCESSOR, { numberOfOutputs: 0 });
}

const failure = (what: string, cause?: unknown): CallsignError =>
  new CallsignError("MICROPHONE_FAILED", `microphone: ${what}`, { cause });
