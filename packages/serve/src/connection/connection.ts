import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Detector, OpenStreamOptions, DetectorStream, DetectorStep } from "@callsign/infer/internal";
import { CallsignError } from "@callsign/audio/internal";
import { AudioQueue, type PcmFormat } from "./audio-queue.ts";
import type { ServeLimits } from "../server/limits.ts";
import type { ServeMetrics, ServeProtocol } from "../server/metrics.ts";
import { Throttle } from "./throttle.ts";
import type { WaitingConnections } from "../server/waiting-connections.ts";

/** Reason for the end of a connection. `CLOSED`: closed by the client; `SHUTDOWN`: the server stops. */
export type CloseReason =
  | "CLOSED"
  | "ENDED"
  | "SHUTDOWN"
  | "BUSY"
  | "NO_HELLO"
  | "IDLE"
  | "TOTAL_TIME"
  | "SLOW_READER"
  | "BAD_MESSAGE"
  | "UNAUTHORIZED"
  | "MODEL_NOT_FOUND"
  | "AUDIO_INVALID"
  | "INTERNAL";

/** Reason for the end of a connection, with a message for the client. */
export interface CloseNotice {
  readonly reason: CloseReason;
  readonly message: string;
}

/** Log record: a flat object, to be written as one line of JSON. */
export interface ServeLogRecord {
  readonly time: string;
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly [field: string]: unknown;
}

/** State shared by all connections of a server. */
export interface ServerContext {
  readonly detector: Detector;
  readonly limits: ServeLimits;
  readonly metrics: ServeMetrics;
  readonly waiting: WaitingConnections;
  readonly openOptions: Pick<OpenStreamOptions, "sensitivity" | "levelGate">;
  readonly token: string | undefined;
  readonly version: string;
  readonly connections: Set<Connection>;
  log(level: ServeLogRecord["level"], event: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Protocol side of a connection: WebSocket or Wyoming. */
export interface Transport {
  readonly protocol: ServeProtocol;
  /** Address of the client, for the log. */
  readonly peer: string;
  /** Exemption from the idle limit: always, or after hello. The transport must then detect dead peers itself. */
  readonly mayBeSilent?: "always" | "after-hello";
  /** Network connection, as in `ServerContext.waiting`. */
  readonly socket: Duplex;
  pause(): void;
  resume(): void;
  /** Bytes sent but not yet read by the client. */
  unreadBytes(): number;
  /** Sends a ping, if the protocol has one. */
  ping?(): void;
  /** Sends a warning that the client is throttled, if the protocol has one. */
  warn?(message: string): void;
  /** Sends the notice, if the client still reads, and closes; terminates the connection after a grace period. */
  close(notice: CloseNotice): void;
}

/** Connection of one client, for either protocol: enforces the limits, owns the client's stream, and ends. */
export class Connection {
  readonly id: number;
  readonly #transport: Transport;
  readonly #context: ServerContext;
  readonly #messages: Throttle;
  readonly #audio: Throttle;
  readonly #idle: NodeJS.Timeout;
  readonly #total: NodeJS.Timeout;
  readonly #pauses = new Set<"rate" | "backlog" | "unread">();
  /** Time of the last warning per reason, in milliseconds. */
  readonly #warnedMs = new Map<Slowdown, number>();
  #rateTimer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #received = 0;
  #hasStream = false;
  /** The client announced a pause. */
  #maySendNothing = false;
  #pinged = false;
  #queue: AudioQueue | undefined;
  readonly #finishing = new Set<AudioQueue>();
  #finished: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(transport: Transport, context: ServerContext) {
    this.id = ++lastId;
    this.#transport = transport;
    this.#context = context;
    const { messagesPerSecond, audioFactor, audioBurstSeconds, idleSeconds, totalSeconds } = context.limits;
    this.#messages = new Throttle({ perSecond: messagesPerSecond, burst: 2 * messagesPerSecond });
    this.#audio = new Throttle({ perSecond: audioFactor, burst: audioBurstSeconds });
    // If the process was busy, data that has arrived is read first.
    this.#idle = setTimeout(() => {
      const before = this.#received;
      setImmediate(() => {
        if (this.#received === before) this.#onIdle();
      });
    }, idleSeconds * 1000).unref();
    const tooLong = `the connection lasted ${totalSeconds} s; connect again`;
    this.#total = setTimeout(
      () => this.disconnect({ reason: "TOTAL_TIME", message: tooLong }),
      totalSeconds * 1000,
    ).unref();
    context.connections.add(this);
    context.metrics.connected(transport.protocol);
    context.log("info", "connected", {
      session: this.id,
      protocol: transport.protocol,
      peer: transport.peer,
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes a stream for a client that said hello. Returns false, after disconnecting it, if no stream is free. */
  startStream(): boolean {
    if (this.#hasStream) return true;
    if (this.#isClosed) return false;
    const { limits, metrics, waiting } = this.#context;
    if (metrics.streams >= limits.streams) {
      metrics.refused("streams");
      this.disconnect({
        reason: "BUSY",
        message: `all ${limits.streams} streams are taken; try again later`,
      });
      return false;
    }
    this.#hasStream = true;
    metrics.greeted(this.#transport.protocol);
    waiting.remove(this.#transport.socket);
    this.#idle.refresh();
    return true;
  }

  /** Applies the limits to a message; call first for every message. `audio` is false for control messages, including pings. */
  received({ audio, bytes }: { readonly audio: boolean; readonly bytes: number }): void {
    // Before hello no message extends the connection.
    if (this.#hasStream) {
      this.#received++;
      this.#idle.refresh();
    }
    this.#pinged = false;
    if (audio) this.#maySendNothing = false;
    const cost = audio && bytes > 0 ? AUDIO_MESSAGE_COST : Math.max(1, Math.ceil(bytes / 1024));
    this.#slowDown(this.#messages.spend(cost), "messages");
  }

  /** Exempts the client from the idle limit until its next audio, as long as it answers pings. */
  allowSilence(): void {
    this.#maySendNothing = true;
  }

  /** Opens the stream of the connection and closes an earlier one. Audio may be pushed before the promise resolves. */
  openStream(
    format: PcmFormat,
    options: OpenStreamOptions & {
      readonly onSteps: (steps: readonly DetectorStep[]) => void;
    },
  ): Promise<DetectorStream> {
    this.#queue?.close();
    const { onSteps, ...open } = options;
    const stream = this.#finished.then(() =>
      this.#context.detector.open({ ...this.#context.openOptions, ...open }),
    );
    // Callers that ignore this promise see the error on the first audio.
    stream.catch(() => undefined);
    this.#queue = new AudioQueue({
      format,
      stream,
      onSteps: (steps, latencySeconds) => {
        this.#context.metrics.stepped(steps, latencySeconds);
        onSteps(steps);
        return this.drained();
      },
      onBacklog: (seconds) => {
        if (seconds < this.#context.limits.backlogSeconds / 2) this.#unpause("backlog");
      },
      onError: (error) => this.fail(error),
    });
    return stream;
  }

  /** Appends audio to the open stream; `bytes` must not be modified afterwards. */
  pushAudio(bytes: Uint8Array): void {
    const queue = this.#queue;
    if (queue === undefined || this.#isClosed) return;
    const seconds = queue.secondsOf(bytes.length);
    this.#context.metrics.heard(seconds);
    this.#slowDown(this.#audio.spend(seconds), "audio");
    if (queue.push(bytes) <= this.#context.limits.backlogSeconds) return;
    this.#pause("backlog");
    this.#warn("backlog");
  }

  /** Counts kept audio sent to the client towards its audio limit. */
  countSentAudio(seconds: number): void {
    this.#slowDown(this.#audio.spend(seconds * KEPT_AUDIO_COST), "audio");
  }

  /** Calls `task` between the audio before and after this call. */
  enqueue(task: (stream: DetectorStream) => Promise<void> | void): void {
    this.#queue?.enqueue(async (stream) => {
      await task(stream);
      await this.drained();
    });
  }

  /** Flushes the resampler's tail into the stream. */
  flush(): void {
    this.#queue?.flush();
  }

  /** Ends the stream and calls `then` after its last audio. A stream opened meanwhile starts after that. */
  finish(then: () => void): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    this.#queue = undefined;
    this.#finishing.add(queue);
    queue.flush();
    this.#finished = new Promise((resolve) =>
      queue.enqueue(() => {
        then();
        this.#finishing.delete(queue);
        queue.close();
        resolve();
      }),
    );
  }

  /** Ends the stream and calls `then` when it and all earlier streams are processed. */
  finishAll(then: () => void): void {
    this.finish(() => undefined);
    void this.#finished.then(then);
  }

  /** Pauses reading from a client that does not read its messages, and disconnects it if it never does. */
  checkReader(): void {
    void this.drained();
  }

  /** Resolves when at most `limits.unreadBytes` are unread or the connection is closed; undefined if so already. */
  drained(): Promise<void> | undefined {
    if (this.#isClosed || this.#transport.unreadBytes() <= this.#context.limits.unreadBytes) return undefined;
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  /** Disconnects after an error. The client receives its own errors; others are logged. */
  fail(error: unknown): void {
    if (error instanceof CallsignError && CLIENT_ERRORS[error.code] !== undefined)
      return this.disconnect({ reason: CLIENT_ERRORS[error.code]!, message: error.message });
    this.#context.log("error", "fault", {
      session: this.id,
      error: String((error as Error)?.stack ?? error),
    });
    this.disconnect({
      reason: "INTERNAL",
      message: "internal error; see the server's log",
    });
  }

  /** Sends a notice and closes the connection. Repeated calls have no effect. */
  disconnect(notice: CloseNotice): void {
    if (this.#isClosed) return;
    this.onClosed(notice.reason, notice.message);
    this.#transport.close(notice);
  }

  /** Frees the resources of a connection that is closed or closing. */
  onClosed(reason: CloseReason, message?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#idle);
    clearTimeout(this.#total);
    clearTimeout(this.#rateTimer);
    for (const queue of [this.#queue, ...this.#finishing]) queue?.close();
    this.#context.connections.delete(this);
    this.#context.metrics.disconnected(this.#transport.protocol, { reason, greeted: this.#hasStream });
    const level = QUIET_REASONS.has(reason) ? "info" : "warn";
    this.#context.log(level, "disconnected", {
      session: this.id,
      reason,
      ...(message !== undefined && { message }),
    });
  }

  #onIdle(): void {
    if (this.#isClosed) return;
    // While reading is paused, `#unpause` restarts the timer.
    if (this.#hasStream && this.#pauses.size > 0) return;
    if (this.#maySendNothing && !this.#pinged) {
      this.#pinged = this.#transport.ping !== undefined;
      this.#transport.ping?.();
      this.#idle.refresh();
      return;
    }
    const { mayBeSilent } = this.#transport;
    if (mayBeSilent === "always" || (mayBeSilent === "after-hello" && this.#hasStream)) return;
    const { idleSeconds } = this.#context.limits;
    this.disconnect({ reason: "IDLE", message: `no message for ${idleSeconds} s` });
  }

  async #drain(): Promise<void> {
    const { unreadBytes, unreadSeconds } = this.#context.limits;
    this.#pause("unread");
    let unread = this.#transport.unreadBytes();
    let progressMs = performance.now();
    while (!this.#isClosed && unread > unreadBytes) {
      await sleep(DRAIN_POLL_MS);
      const left = this.#transport.unreadBytes();
      if (left < unread) progressMs = performance.now();
      unread = left;
      if (performance.now() - progressMs > unreadSeconds * 1000)
        this.disconnect({
          reason: "SLOW_READER",
          message: `${unread} bytes are unread, none was read for ${unreadSeconds} s`,
        });
    }
    this.#draining = undefined;
    this.#unpause("unread");
  }

  #slowDown(delayMs: number, reason: "audio" | "messages"): void {
    if (delayMs <= 0 || this.#isClosed) return;
    this.#pause("rate");
    this.#delayReading(delayMs);
    this.#warn(reason);
  }

  #delayReading(delayMs: number): void {
    clearTimeout(this.#rateTimer);
    this.#rateTimer = setTimeout(() => this.#resumeReading(), delayMs);
  }

  /** Resumes reading once both budgets allow it. */
  #resumeReading(): void {
    const delayMs = Math.max(this.#messages.spend(0), this.#audio.spend(0));
    if (delayMs > 0) this.#delayReading(delayMs);
    else this.#unpause("rate");
  }

  #warn(reason: Slowdown): void {
    const nowMs = performance.now();
    if (nowMs - (this.#warnedMs.get(reason) ?? -Infinity) < WARNING_INTERVAL_MS) return;
    this.#warnedMs.set(reason, nowMs);
    this.#context.metrics.throttled(reason);
    this.#context.log("info", "throttled", { session: this.id, reason });
    this.#transport.warn?.(SLOWDOWN_MESSAGES[reason](this.#context.limits));
  }

  #pause(reason: "rate" | "backlog" | "unread"): void {
    if (this.#pauses.size === 0) this.#transport.pause();
    this.#pauses.add(reason);
  }

  #unpause(reason: "rate" | "backlog" | "unread"): void {
    if (!this.#pauses.delete(reason) || this.#pauses.size > 0 || this.#isClosed) return;
    // Time while reading was paused does not count as idle.
    if (this.#hasStream) this.#idle.refresh();
    this.#transport.resume();
  }
}

let lastId = 0;

/** Cost of an audio message: 4,000 a second by default, enough for Web Audio's 128 samples at up to 384 kHz. */
const AUDIO_MESSAGE_COST = 1 / 16;

/** Cost of sending a second of kept audio, relative to processing one; measured below a tenth. */
const KEPT_AUDIO_COST = 1 / 10;

const DRAIN_POLL_MS = 20;

/** Shortest time between two warnings with the same reason. */
const WARNING_INTERVAL_MS = 10_000;

/** Warnings to throttled clients, by reason. */
const SLOWDOWN_MESSAGES = {
  audio: ({ audioFactor, audioBurstSeconds }: ServeLimits) =>
    `audio is limited to ${audioFactor} s per second after the first ${audioBurstSeconds} s; no audio is lost, but detections are late`,
  messages: ({ messagesPerSecond }: ServeLimits) =>
    `messages are limited to ${messagesPerSecond} per second, or ${messagesPerSecond / AUDIO_MESSAGE_COST} of audio; no audio is lost, but detections are late: send fewer, longer messages`,
  backlog: ({ backlogSeconds }: ServeLimits) =>
    `more than ${backlogSeconds} s of audio are queued, so reading is paused; no audio is lost, but detections are late`,
};

type Slowdown = keyof typeof SLOWDOWN_MESSAGES;

const QUIET_REASONS: ReadonlySet<CloseReason> = new Set(["CLOSED", "ENDED", "SHUTDOWN"]);

const CLIENT_ERRORS: Partial<Record<string, CloseReason>> = {
  AUDIO_NOT_FINITE: "AUDIO_INVALID",
  AUDIO_OUT_OF_RANGE: "AUDIO_INVALID",
  AUDIO_UNSUPPORTED: "AUDIO_INVALID",
  INVALID_ARGUMENT: "BAD_MESSAGE",
  MODEL_NOT_FOUND: "MODEL_NOT_FOUND",
  // A score that is not a number comes from audio far beyond full scale.
  MODEL_INVALID: "AUDIO_INVALID",
  PROTOCOL_INVALID: "BAD_MESSAGE",
};
