import { CallsignError } from "../../errors.ts";
import type { DetectorSet, OpenStreamOptions } from "../../detector-set.ts";
import type { DetectorStream } from "../../detector-stream.ts";
import type { ModelStep } from "../../feature-track.ts";
import { LiveStream, type PcmFormat } from "./live-stream.ts";
import type { ServeLimits } from "./serve-limits.ts";
import type { ServeMetrics, ServeProtocol } from "./serve-metrics.ts";
import { Throttle } from "./throttle.ts";

/** Why a client was let go. `CLOSED` it left by itself; `SHUTDOWN` the server stops. */
export type LeaveReason =
  | "CLOSED"
  | "ENDED"
  | "SHUTDOWN"
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
  /** When a silent client is not idle: always, or once it has sent a message. A dead peer is the transport's to notice. */
  readonly mayBeSilent?: "always" | "after-message";
  pause(): void;
  resume(): void;
  /** Bytes sent that the client has not read. */
  unreadBytes(): number;
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
  readonly #pauses = new Set<"rate" | "backlog">();
  #rateTimer: NodeJS.Timeout | undefined;
  #live: LiveStream | undefined;
  readonly #finishing = new Set<LiveStream>();
  #finished: Promise<void> = Promise.resolve();
  #left = false;
  #hasSpoken = false;

  constructor(wire: Wire, hub: ServeHub) {
    this.id = ++lastId;
    this.#wire = wire;
    this.#hub = hub;
    const { messagesPerSecond, audioFactor, audioBurstSeconds, idleSeconds, totalSeconds } = hub.limits;
    this.#messages = new Throttle({ perSecond: messagesPerSecond, burst: 2 * messagesPerSecond });
    this.#audio = new Throttle({ perSecond: audioFactor, burst: audioBurstSeconds });
    this.#idle = this.#leaveAfter(idleSeconds, "IDLE");
    this.#total = this.#leaveAfter(totalSeconds, "TOTAL_TIME");
    hub.sessions.add(this);
    hub.metrics.connected(wire.protocol);
    hub.log("info", "connected", { session: this.id, protocol: wire.protocol, peer: wire.peer });
  }

  get left(): boolean {
    return this.#left;
  }

  /** To be called for every message, before anything else. */
  received(): void {
    this.#hasSpoken = true;
    this.#idle.refresh();
    this.#slowDown(this.#messages.spend(1));
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
        this.checkReader();
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
    this.#slowDown(this.#audio.spend(seconds));
    if (live.push(bytes) > this.#hub.limits.backlogSeconds) this.#pause("backlog");
  }

  /** Carries something out when all audio so far is heard, and before what comes after. */
  inTurn(task: (stream: DetectorStream) => Promise<void> | void): void {
    this.#live?.inTurn(task);
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

  /** Drops a client that does not read what it is sent. */
  checkReader(): void {
    const unread = this.#wire.unreadBytes();
    if (unread <= this.#hub.limits.unreadBytes) return;
    this.leave({
      reason: "SLOW_READER",
      message: `${unread} bytes are unread; read faster, or ask for less`,
    });
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
    this.#hub.metrics.disconnected(this.#wire.protocol, reason);
    const level = QUIET_REASONS.has(reason) ? "info" : "warn";
    this.#hub.log(level, "disconnected", {
      session: this.id,
      reason,
      ...(message !== undefined && { message }),
    });
  }

  #leaveAfter(seconds: number, reason: "IDLE" | "TOTAL_TIME"): NodeJS.Timeout {
    const message =
      reason === "IDLE"
        ? `nothing came for ${seconds} s`
        : `the connection lasted ${seconds} s; connect again`;
    const leave = (): void => {
      const { mayBeSilent } = this.#wire;
      const isAllowed = mayBeSilent === "always" || (mayBeSilent === "after-message" && this.#hasSpoken);
      if (reason === "IDLE" && isAllowed) return;
      this.leave({ reason, message });
    };
    return setTimeout(leave, seconds * 1000).unref();
  }

  #slowDown(delayMs: number): void {
    if (delayMs <= 0 || this.#left) return;
    this.#pause("rate");
    clearTimeout(this.#rateTimer);
    this.#rateTimer = setTimeout(() => this.#payOff(), Math.min(delayMs, LONGEST_DELAY_MS));
  }

  /** Goes on waiting while another budget, or the rest of a long debt, wants it. */
  #payOff(): void {
    const delayMs = Math.max(this.#messages.spend(0), this.#audio.spend(0));
    if (delayMs > 0) this.#slowDown(delayMs);
    else this.#unpause("rate");
  }

  #pause(reason: "rate" | "backlog"): void {
    if (this.#pauses.size === 0) this.#wire.pause();
    this.#pauses.add(reason);
  }

  #unpause(reason: "rate" | "backlog"): void {
    if (!this.#pauses.delete(reason) || this.#pauses.size > 0 || this.#left) return;
    // Not being read was the server's doing, so it does not count as idleness.
    this.#idle.refresh();
    this.#wire.resume();
  }
}

let lastId = 0;

/** Longer debts are waited off in parts, so that a client that vanishes meanwhile is noticed. */
const LONGEST_DELAY_MS = 5000;

const QUIET_REASONS: ReadonlySet<LeaveReason> = new Set(["CLOSED", "ENDED", "SHUTDOWN"]);

const CLIENT_FAULTS: Partial<Record<string, LeaveReason>> = {
  AUDIO_NOT_FINITE: "AUDIO_INVALID",
  AUDIO_UNSUPPORTED: "AUDIO_INVALID",
  INVALID_ARGUMENT: "BAD_MESSAGE",
  MODEL_NOT_FOUND: "MODEL_NOT_FOUND",
  // A score that is no number: audio far beyond full scale.
  MODEL_INVALID: "AUDIO_INVALID",
  PROTOCOL_INVALID: "BAD_MESSAGE",
};
