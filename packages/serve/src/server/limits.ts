import { CallsignError } from "@callsign/audio/internal";

/** Limits per client and in total, so that one client cannot degrade the others. */
export interface ServeLimits {
  /** Concurrent clients after hello, over both protocols. */
  readonly streams: number;
  /** Concurrent connections before hello; beyond it the oldest is closed. Default `streams`, at least 64. */
  readonly waitingConnections: number;
  /** Time limit for the hello of a WebSocket client, and for the head of an HTTP request. */
  readonly helloSeconds: number;
  /** Longest message, or part of a Wyoming event. */
  readonly messageBytes: number;
  /** Sustained message rate; faster clients are throttled. An audio message counts as 1/16, any other as 1 per KiB. */
  readonly messagesPerSecond: number;
  /** Sustained audio rate, in seconds per second; faster clients are throttled. */
  readonly audioFactor: number;
  /** Audio accepted at any rate before `audioFactor` applies. */
  readonly audioBurstSeconds: number;
  /** Queued audio beyond which reading from the client pauses. */
  readonly backlogSeconds: number;
  /** Bytes unread by a client beyond which its audio is not processed until it reads. */
  readonly unreadBytes: number;
  /** Time without reading, with more than `unreadBytes` unread, after which a client is disconnected. */
  readonly unreadSeconds: number;
  /** Time without a message after which a client is disconnected, not counting time while reading is paused. */
  readonly idleSeconds: number;
  /** Longest connection. */
  readonly totalSeconds: number;
}

const DEFAULT_LIMITS: Omit<ServeLimits, "waitingConnections"> = {
  streams: 256,
  helloSeconds: 5,
  messageBytes: 1024 * 1024,
  messagesPerSecond: 250,
  audioFactor: 4,
  audioBurstSeconds: 30,
  backlogSeconds: 4,
  unreadBytes: 64 * 1024,
  unreadSeconds: 10,
  idleSeconds: 60,
  totalSeconds: 86_400,
};

/** Defaults with the given changes. @throws CallsignError `INVALID_ARGUMENT` naming the limit */
export function resolveLimits(changes: Partial<ServeLimits> = {}): ServeLimits {
  const waitingConnections = Math.max(64, changes.streams ?? DEFAULT_LIMITS.streams);
  const limits = { ...DEFAULT_LIMITS, waitingConnections, ...changes };
  for (const [name, value] of Object.entries(limits))
    if (!(Number.isFinite(value) && value > 0))
      throw new CallsignError("INVALID_ARGUMENT", `limit ${name}: expected a number above 0, got ${value}`);
  // setTimeout is limited to 2^31 - 1 ms.
  for (const name of ["helloSeconds", "idleSeconds", "totalSeconds"] as const)
    if (limits[name] > 2_000_000)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `limit ${name}: expected at most 2000000, got ${limits[name]}`,
      );
  return limits;
}
