import { fromUnitFloat } from "../audio/pcm.ts";
import { Resampler } from "../audio/resampler.ts";
import { CallsignError } from "../errors.ts";
import { SAMPLE_RATE_HZ } from "../model-card.ts";
import { CAPTURE_PROCESSOR, CAPTURE_SOURCE } from "./capture-worklet.ts";
import { ChunkQueue } from "./chunk-queue.ts";

/**
 * `interrupted`: no audio comes for now, because of a call, the lock screen, or a muted device. It goes on by itself when
 * the browser allows it.
 */
export type WebMicrophoneState = "open" | "interrupted" | "closed";

export interface WebMicrophoneOptions {
  /** As in `navigator.mediaDevices.enumerateDevices()`; default the browser's choice. */
  readonly deviceId?: string;
  /**
   * Address of `@callsign/infer/capture-processor.js`, for a page whose Content-Security-Policy does not allow `blob:` scripts.
   * By default the worklet comes from a blob: URL.
   */
  readonly workletUrl?: string | URL;
  /** Called with the length in seconds of audio that was dropped because the loop did not read it in time. */
  readonly onDropped?: (seconds: number) => void;
  /** Called when `state` changes. */
  readonly onStateChange?: (state: WebMicrophoneState) => void;
  /** Closes the microphone, or gives up opening it. */
  readonly signal?: AbortSignal;
}

/**
 * An open microphone: 16 kHz mono in int16 magnitudes, in chunks as they come, for one loop. Leaving the loop closes the
 * microphone.
 */
export interface WebMicrophone extends AsyncIterable<Float32Array> {
  /** Sample rate of the device. */
  readonly sampleRateHz: number;
  /** Name of the device; empty where the browser hides it. */
  readonly label: string;
  readonly state: WebMicrophoneState;
  /** Turns the microphone off and ends the loop over it. */
  close(): Promise<void>;
}

/** Audio waits this long to be read; then the oldest is dropped. */
const MAX_QUEUED_SECONDS = 10;

/** While interrupted, the audio is asked to go on this often: not every browser reports the end of a call. */
const RESUME_INTERVAL_MS = 1000;

/**
 * Opens the microphone through an AudioWorklet, which keeps running in a hidden tab. The browser's echo cancellation,
 * noise suppression and gain control are off: they change what a detector hears. Call it from a click handler.
 * @throws CallsignError `MICROPHONE_FAILED` with what to do, `ABORTED`; the loop throws `MICROPHONE_FAILED` when the
 * device is unplugged
 */
export async function openWebMicrophone(options: WebMicrophoneOptions = {}): Promise<WebMicrophone> {
  const { signal } = options;
  refuseIfAborted(signal);
  const microphone = new CapturedMicrophone(await askForMicrophone(options), options);
  try {
    refuseIfAborted(signal);
    await microphone.start();
    refuseIfAborted(signal);
    return microphone;
  } catch (error) {
    await microphone.close();
    if (error instanceof CallsignError) throw error;
    throw failure(`it cannot be opened: ${String(error)}`, error);
  }
}

/** Owns the tracks and the audio context; `close` ends both. */
class CapturedMicrophone implements WebMicrophone {
  readonly #options: WebMicrophoneOptions;
  readonly #stream: MediaStream;
  readonly #track: MediaStreamTrack;
  readonly #queue: ChunkQueue;
  /** Removes the event listeners. */
  readonly #listening = new AbortController();
  #context: AudioContext | undefined;
  #retry: ReturnType<typeof setInterval> | undefined;
  #state: WebMicrophoneState = "interrupted";
  sampleRateHz = 0;

  constructor(stream: MediaStream, options: WebMicrophoneOptions) {
    const { onDropped } = options;
    this.#options = options;
    this.#stream = stream;
    this.#track = stream.getAudioTracks()[0]!;
    this.#queue = new ChunkQueue({
      maxSamples: MAX_QUEUED_SECONDS * SAMPLE_RATE_HZ,
      ...(onDropped && { onDropped: (samples) => onDropped(samples / SAMPLE_RATE_HZ) }),
      onLeft: () => this.close(),
    });
  }

  get label(): string {
    return this.#track.label;
  }

  get state(): WebMicrophoneState {
    return this.#state;
  }

  async start(): Promise<void> {
    const context = new AudioContext();
    this.#context = context;
    this.sampleRateHz = context.sampleRate;
    const resampler = new Resampler({ fromHz: context.sampleRate, toHz: SAMPLE_RATE_HZ });
    const node = await makeCaptureNode(context, this.#options.workletUrl);
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      const samples = resampler.push(fromUnitFloat(data));
      if (samples.length > 0) this.#queue.push(samples);
    };
    context.createMediaStreamSource(this.#stream).connect(node);
    this.#listen(context);
    // Not awaited: where the browser wants a click first, it is pending until then.
    void context.resume().catch(() => undefined);
    this.#update();
  }

  async close(): Promise<void> {
    this.#queue.end();
    stopTracks(this.#stream);
    this.#setState("closed");
    this.#listening.abort();
    clearInterval(this.#retry);
    const context = this.#context;
    this.#context = undefined;
    await context?.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Float32Array, void, undefined> {
    return this.#queue[Symbol.asyncIterator]();
  }

  #listen(context: AudioContext): void {
    const track = this.#track;
    const { signal } = this.#listening;
    const update = (): void => this.#update();
    context.addEventListener("statechange", update, { signal });
    for (const event of ["mute", "unmute"]) track.addEventListener(event, update, { signal });
    // Back in the page, or a click in it: moments at which browsers let audio go on.
    for (const event of ["visibilitychange", "pointerdown", "keydown"])
      document.addEventListener(event, update, { signal });
    const unplugged = (): void => {
      this.#queue.end(failure("it was disconnected; plug it in and start again"));
      void this.close();
    };
    if (track.readyState === "ended") unplugged();
    else track.addEventListener("ended", unplugged, { signal });
    this.#options.signal?.addEventListener("abort", () => void this.close(), { signal });
  }

  #update(): void {
    const context = this.#context;
    if (context === undefined) return;
    const isRunning = context.state === "running";
    if (!isRunning) void context.resume().catch(() => undefined);
    this.#setState(isRunning && !this.#track.muted ? "open" : "interrupted");
    clearInterval(this.#retry);
    if (!isRunning) this.#retry = setInterval(() => this.#update(), RESUME_INTERVAL_MS);
  }

  #setState(state: WebMicrophoneState): void {
    if (state === this.#state || this.#state === "closed") return;
    this.#state = state;
    this.#options.onStateChange?.(state);
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function refuseIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}

const aborted = ({ reason }: AbortSignal): CallsignError =>
  new CallsignError("ABORTED", "microphone: opening it was aborted", { cause: reason });

async function askForMicrophone({ deviceId, signal }: WebMicrophoneOptions): Promise<MediaStream> {
  // Undefined in pages that are not secure, whatever the types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined)
    throw failure("browsers allow it only over https or from localhost; open this page so");
  const audio = {
    ...(deviceId !== undefined && { deviceId: { exact: deviceId } }),
    channelCount: 1,
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
  };
  const asked = devices.getUserMedia({ audio }).catch((cause: unknown) => {
    const name = cause instanceof DOMException ? cause.name : "";
    throw failure(ADVICE[name] ?? `it cannot be opened: ${String(cause)}`, cause);
  });
  if (signal === undefined) return asked;
  // An abort does not wait for the user's answer; a microphone that is allowed later is closed at once.
  const answered = new AbortController();
  // oxlint-disable-next-line promise/avoid-new -- an abort is an event
  const abort = new Promise<never>((_, reject) => {
    const refuse = (): void => {
      reject(aborted(signal));
      void asked.then(stopTracks, () => undefined);
    };
    signal.addEventListener("abort", refuse, { signal: answered.signal });
  });
  return Promise.race([asked, abort]).finally(() => answered.abort());
}

const ADVICE: Readonly<Record<string, string>> = {
  NotAllowedError:
    "access was denied; allow the microphone in the browser's site settings (beside the address) and try again",
  SecurityError: "access is blocked by the browser or by the page's Permissions-Policy",
  NotFoundError: "no microphone was found; plug one in and try again",
  NotReadableError: "it cannot be opened; another program may be using it",
  AbortError: "it cannot be opened; another program may be using it",
  OverconstrainedError: "the chosen microphone is not connected any more; choose another",
};

async function makeCaptureNode(
  context: AudioContext,
  workletUrl: string | URL | undefined,
): Promise<AudioWorkletNode> {
  if (typeof AudioWorkletNode === "undefined")
    throw failure("this browser has no AudioWorklet; update it (every browser since 2021 has one)");
  const blobUrl =
    workletUrl === undefined
      ? URL.createObjectURL(new Blob([CAPTURE_SOURCE], { type: "text/javascript" }))
      : undefined;
  try {
    await context.audioWorklet.addModule(blobUrl ?? workletUrl!);
  } catch (cause) {
    const advice =
      blobUrl === undefined
        ? `the worklet ${String(workletUrl)} cannot be loaded; check the address, and script-src in the page's Content-Security-Policy`
        : "the page's Content-Security-Policy refuses the worklet; give workletUrl, or allow blob: in script-src";
    throw failure(`${advice}: ${String(cause)}`, cause);
  } finally {
    if (blobUrl !== undefined) URL.revokeObjectURL(blobUrl);
  }
  return new AudioWorkletNode(context, CAPTURE_PROCESSOR, { numberOfOutputs: 0 });
}

const failure = (what: string, cause?: unknown): CallsignError =>
  new CallsignError("MICROPHONE_FAILED", `microphone: ${what}`, { cause });
