import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { DetectorSet, OpenStreamOptions } from "../../detector-set.ts";
import type { DetectorStream } from "../../detector-stream.ts";
import { CallsignError } from "../../errors.ts";
import type { ModelStep } from "../../feature-track.ts";
import { LiveStream, type PcmFormat } from "./live-stream.ts";
import type { ServeLimits } from "./serve-limits.ts";
import type { ServeMetrics, ServeProtocol } from "./serve-metrics.ts";
import { Throttle } from "./throttle.ts";
import type { WaitingConnections } from "./waiting-connections.ts";

/** Why a client was let go. `CLOSED` it left by itself; `SHUTDOWN` the server stops. */
export type LeaveReason =
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

/** What a client is told when it is let go. */
export interface Farewell {
  readonly reason: LeaveReason;
  readonly message: string;
}

/** One record of the log: flat, ready to be a line of JSON. */
export interface ServeLogRecord {
  readonly time: string;
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What all clients of a server share. */
export interface ServeHub {
  readonly set: DetectorSet;
  readonly limits: ServeLimits;
  readonly metrics: ServeMetrics;
  readonly waiting: WaitingConnections;
  readonly openOptions: Pick<OpenStreamOptions, "sensitivity" | "voiceGate">;
  readonly token: string | undefined;
  readonly version: string;
  readonly sessions: Set<ClientSession>;
  log(level: ServeLogRecord["level"], event: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A client's connection, whatever it speaks. */
export interface Wire {
  readonly protocol: ServeProtocol;
  /** For the log. */
  readonly peer: string;
  /** When a silent client is not idle: always, or once it said hello. A dead peer is the transport's to notice. */
  readonly mayBeSilent?: "always" | "after-hello";
  /** The network connection, as `ServeHub.waiting` has it. */
  readonly connection: Duplex;
  pause(): void;
  resume(): void;
  /** Bytes sent that the client has not read. */
  unreadBytes(): number;
  /** Asks for a sign of life, where the protocol has one. */
  ping?(): void;
  /** Tells the client that it is read slowly, and why, where the protocol can say so. */
  warn?(message: string): void;
  /** Tells the client, as far as it listens, and closes; whoever does not go is cut off soon after. */
  close(farewell: Farewell): void;
}

/** One client from connect to close: its limits, its stream, and its end, the same for both protocols. */
export class ClientSession {
  readonly id: number;
  readonly #wire: Wire;
  readonly #hub: ServeHub;
  readonly #messages: Throttle;
  readonly #audio: Throttle;
  readonly #idle: NodeJS.Timeout;
  readonly #total: NodeJS.Timeout;
  readonly #pauses = new Set<"rate" | "backlog" | "unread">();
  /** When the client was last warned, by reason, in milliseconds. */
  readonly #warnedMs = new Map<Slowdown, number>();
  #rateTimer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #received = 0;
  #greeted = false;
  /** The client said that it sends nothing for a while. */
  #resting = false;
  #pinged = false;
  #live: LiveStream | undefined;
  readonly #finishing = new Set<LiveStream>();
  #finished: Promise<void> = Promise.resolve();
  #left = false;

  constructor(wire: Wire, hub: ServeHub) {
    this.id = ++lastId;
    this.#wire = wire;
    this.#hub = hub;
    const { messagesPerSecond, audioFactor, audioBurstSeconds, idleSeconds, totalSeconds } = hub.limits;
    this.#messages = new Throttle({ perSecond: messagesPerSecond, burst: 2 * messagesPerSecond });
    this.#audio = new Throttle({ perSecond: audioFactor, burst: audioBurstSeconds });
    // Where the process was busy, what has arrived meanwhile is read first.
    this.#idle = setTimeout(() => {
      const before = this.#received;
      setImmediate(() => {
        if (this.#received === before) this.#idleOut();
      });
    }, idleSeconds * 1000).unref();
    const tooLong = `the connection lasted ${totalSeconds} s; connect again`;
    this.#total = setTimeout(
      () => this.leave({ reason: "TOTAL_TIME", message: tooLong }),
      totalSeconds * 1000,
    ).unref();
    hub.sessions.add(this);
    hub.metrics.connected(wire.protocol);
    hub.log("info", "connected", { session: this.id, protocol: wire.protocol, peer: wire.peer });
  }

  get left(): boolean {
    return this.#left;
  }

  /** The client said hello and takes a stream from here on; false where none is free, and then it is let go. */
  greet(): boolean {
    if (this.#greeted) return true;
    if (this.#left) return false;
    const { limits, metrics, waiting } = this.#hub;
    if (metrics.streams >= limits.streams) {
      metrics.refused("streams");
      this.leave({ reason: "BUSY", message: `all ${limits.streams} streams are taken; try again later` });
      return false;
    }
    this.#greeted = true;
    metrics.greeted(this.#wire.protocol);
    waiting.remove(this.#wire.connection);
    this.#idle.refresh();
    return true;
  }

  /** To be called for every message, before anything else; `audio` is false for control messages, pings included. */
  received({ audio, bytes }: { readonly audio: boolean; readonly bytes: number }): void {
    // Before hello nothing prolongs a connection.
    if (this.#greeted) {
      this.#received++;
      this.#idle.refresh();
    }
    this.#pinged = false;
    if (audio) this.#resting = false;
    const cost = audio && bytes > 0 ? AUDIO_MESSAGE_COST : Math.max(1, Math.ceil(bytes / 1024));
    this.#slowDown(this.#messages.spend(cost), "messages");
  }

  /** The client sends nothing until its next audio, and is not idle meanwhile as long as it answers pings. */
  rest(): void {
    this.#resting = true;
  }

  /** Opens the session's stream; audio may be given at once. One that was open before is closed. */
  listen(
    format: PcmFormat,
    options: OpenStreamOptions & {
      readonly onSteps: (steps: readonly ModelStep[]) => void;
    },
  ): Promise<DetectorStream> {
    this.#live?.close();
    const { onSteps, ...open } = options;
    const stream = this.#finished.then(() => this.#hub.set.open({ ...this.#hub.openOptions, ...open }));
    // Who never asks for it learns of it through the first audio.
    stream.catch(() => undefined);
    this.#live = new LiveStream({
      format,
      stream,
      onSteps: (steps, latencySeconds) => {
        this.#hub.metrics.stepped(steps, latencySeconds);
        onSteps(steps);
        return this.drained();
      },
      onBacklog: (seconds) => {
        if (seconds < this.#hub.limits.backlogSeconds / 2) this.#unpause("backlog");
      },
      onFault: (error) => this.fail(error),
    });
    return stream;
  }

  /** Audio of the open stream; the bytes are the session's from here on. */
  hear(bytes: Uint8Array): void {
    const live = this.#live;
    if (live === undefined || this.#left) return;
    const seconds = live.secondsOf(bytes.length);
    this.#hub.metrics.heard(seconds);
    this.#slowDown(this.#audio.spend(seconds), "audio");
    if (live.push(bytes) <= this.#hub.limits.backlogSeconds) return;
    this.#pause("backlog");
    this.#warn("backlog");
  }

  /** Counts kept audio that is sent to the client against its limit of audio. */
  handedOut(seconds: number): void {
    this.#slowDown(this.#audio.spend(seconds * KEPT_AUDIO_COST), "audio");
  }

  /** Carries something out when all audio so far is heard, and before what comes after. */
  inTurn(task: (stream: DetectorStream) => Promise<void> | void): void {
    this.#live?.inTurn(async (stream) => {
      await task(stream);
      await this.drained();
    });
  }

  /** What the resampler holds back of the audio so far is heard too. */
  flush(): void {
    this.#live?.flush();
  }

  /** Ends the stream: all of it is heard, then `then` is carried out. Another may be opened meanwhile and waits its turn. */
  finish(then: () => void): void {
    const live = this.#live;
    if (live === undefined) return;
    this.#live = undefined;
    this.#finishing.add(live);
    live.flush();
    this.#finished = new Promise((resolve) =>
      live.inTurn(() => {
        then();
        this.#finishing.delete(live);
        live.close();
        resolve();
      }),
    );
  }

  /** Ends the stream and carries something out when it and all before it are heard. */
  finishAll(then: () => void): void {
    this.finish(() => undefined);
    void this.#finished.then(then);
  }

  /** Stops reading a client that does not read what it is sent, until it does; drops it if it never does. */
  checkReader(): void {
    void this.drained();
  }

  /** Resolves when the client has read all but `limits.unreadBytes`, or is gone; undefined where that is so already. */
  drained(): Promise<void> | undefined {
    if (this.#left || this.#wire.unreadBytes() <= this.#hub.limits.unreadBytes) return undefined;
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  /** Ends the session over an error of the client's or ours; only what is meant for clients is told. */
  fail(error: unknown): void {
    if (error instanceof CallsignError && CLIENT_FAULTS[error.code] !== undefined)
      return this.leave({ reason: CLIENT_FAULTS[error.code]!, message: error.message });
    this.#hub.log("error", "fault", { session: this.id, error: String((error as Error)?.stack ?? error) });
    this.leave({ reason: "INTERNAL", message: "something went wrong here; the server's log tells more" });
  }

  /** Tells the client and lets it go. Any number of calls is one. */
  leave(farewell: Farewell): void {
    if (this.#left) return;
    this.gone(farewell.reason, farewell.message);
    this.#wire.close(farewell);
  }

  /** The connection is closed, or about to be: frees what the session holds. */
  gone(reason: LeaveReason, message?: string): void {
    if (this.#left) return;
    this.#left = true;
    clearTimeout(this.#idle);
    clearTimeout(this.#total);
    clearTimeout(this.#rateTimer);
    for (const live of [this.#live, ...this.#finishing]) live?.close();
    this.#hub.sessions.delete(this);
    this.#hub.metrics.disconnected(this.#wire.protocol, { reason, greeted: this.#greeted });
    const level = QUIET_REASONS.has(reason) ? "info" : "warn";
    this.#hub.log(level, "disconnected", {
      session: this.id,
      reason,
      ...(message !== undefined && { message }),
    });
  }

  #idleOut(): void {
    if (this.#left) return;
    // While the server does not read a client, `#unpause` starts the timer again.
    if (this.#greeted && this.#pauses.size > 0) return;
    if (this.#resting && !this.#pinged) {
      this.#pinged = this.#wire.ping !== undefined;
      this.#wire.ping?.();
      this.#idle.refresh();
      return;
    }
    const { mayBeSilent } = this.#wire;
    if (mayBeSilent === "always" || (mayBeSilent === "after-hello" && this.#greeted)) return;
    const { idleSeconds } = this.#hub.limits;
    this.leave({ reason: "IDLE", message: `nothing came for ${idleSeconds} s` });
  }

  async #drain(): Promise<void> {
    const { unreadBytes, unreadSeconds } = this.#hub.limits;
    this.#pause("unread");
    let unread = this.#wire.unreadBytes();
    let progressMs = performance.now();
    while (!this.#left && unread > unreadBytes) {
      await sleep(DRAIN_POLL_MS);
      const left = this.#wire.unreadBytes();
      if (left < unread) progressMs = performance.now();
      unread = left;
      if (performance.now() - progressMs > unreadSeconds * 1000)
        this.leave({
          reason: "SLOW_READER",
          message: `${unread} bytes are unread, none was read for ${unreadSeconds} s`,
        });
    }
    this.#draining = undefined;
    this.#unpause("unread");
  }

  #slowDown(delayMs: number, reason: "audio" | "messages"): void {
    if (delayMs <= 0 || this.#left) return;
    this.#pause("rate");
    this.#waitOff(delayMs);
    this.#warn(reason);
  }

  #waitOff(delayMs: number): void {
    clearTimeout(this.#rateTimer);
    this.#rateTimer = setTimeout(() => this.#payOff(), delayMs);
  }

  /** Goes on waiting while another budget wants it. */
  #payOff(): void {
    const delayMs = Math.max(this.#messages.spend(0), this.#audio.spend(0));
    if (delayMs > 0) this.#waitOff(delayMs);
    else this.#unpause("rate");
  }

  #warn(reason: Slowdown): void {
    const nowMs = performance.now();
    if (nowMs - (this.#warnedMs.get(reason) ?? -Infinity) < WARNING_INTERVAL_MS) return;
    this.#warnedMs.set(reason, nowMs);
    this.#hub.metrics.throttled(reason);
    this.#hub.log("info", "throttled", { session: this.id, reason });
    this.#wire.warn?.(SLOWDOWNS[reason](this.#hub.limits));
  }

  #pause(reason: "rate" | "backlog" | "unread"): void {
    if (this.#pauses.size === 0) this.#wire.pause();
    this.#pauses.add(reason);
  }

  #unpause(reason: "rate" | "backlog" | "unread"): void {
    if (!this.#pauses.delete(reason) || this.#pauses.size > 0 || this.#left) return;
    // The client could not be heard, so that time does not count as idle.
    if (this.#greeted) this.#idle.refresh();
    this.#wire.resume();
  }
}

let lastId = 0;

/** Sixteen messages of audio count as one: 4,000 a second by default, for Web Audio's 128 samples up to 384 kHz. */
const AUDIO_MESSAGE_COST = 1 / 16;

/** A second of kept audio costs the server less than a tenth of hearing one. */
const KEPT_AUDIO_COST = 1 / 10;

const DRAIN_POLL_MS = 20;

/** A client is warned of the same thing once in this time. */
const WARNING_INTERVAL_MS = 10_000;

/** Why a client is read slowly, with what it is told. */
const SLOWDOWNS = {
  audio: ({ audioFactor, audioBurstSeconds }: ServeLimits) =>
    `audio is read no faster than ${audioFactor} s a second after the first ${audioBurstSeconds} s; nothing is lost, but what you send is heard late`,
  messages: ({ messagesPerSecond }: ServeLimits) =>
    `messages are read no faster than ${messagesPerSecond} a second, or ${messagesPerSecond / AUDIO_MESSAGE_COST} of audio; nothing is lost, but what you send is heard late: send fewer, longer messages`,
  backlog: ({ backlogSeconds }: ServeLimits) =>
    `more than ${backlogSeconds} s of audio wait to be heard, so no more is read for now; nothing is lost, but what you send is heard late`,
};

type Slowdown = keyof typeof SLOWDOWNS;

const QUIET_REASONS: ReadonlySet<LeaveReason> = new Set(["CLOSED", "ENDED", "SHUTDOWN"]);

const CLIENT_FAULTS: Partial<Record<string, LeaveReason>> = {
  AUDIO_NOT_FINITE: "AUDIO_INVALID",
  AUDIO_OUT_OF_RANGE: "AUDIO_INVALID",
  AUDIO_UNSUPPORTED: "AUDIO_INVALID",
  INVALID_ARGUMENT: "BAD_MESSAGE",
  MODEL_NOT_FOUND: "MODEL_NOT_FOUND",
  // A score that is no number: audio far beyond full scale.
  MODEL_INVALID: "AUDIO_INVALID",
  PROTOCOL_INVALID: "BAD_MESSAGE",
};
