import { CallsignError } from "../../errors.ts";

/** What one client may ask of a server; every limit is there so that the others never notice. */
export interface ServeLimits {
  /** Clients at once that said hello, over both protocols. */
  readonly streams: number;
  /** Connections at once that have not said hello; beyond it the oldest is closed. Default `streams`, at least 64. */
  readonly waitingConnections: number;
  /** Time for a WebSocket client to say hello, in seconds; also for the head of an HTTP request. */
  readonly helloSeconds: number;
  /** One message, and each part of a Wyoming event. */
  readonly messageBytes: number;
  /**
   * Messages a second in the long run; a client that sends more is read more slowly. A message of audio counts as a
   * sixteenth, any other as one for each KiB.
   */
  readonly messagesPerSecond: number;
  /** Audio a second in the long run, in seconds; who sends more is read more slowly. */
  readonly audioFactor: number;
  /** Audio that may come at once before that holds, in seconds. */
  readonly audioBurstSeconds: number;
  /** Audio that may wait to be heard before the client is read no further, in seconds. */
  readonly backlogSeconds: number;
  /** Bytes sent to a client that it has not read; beyond it, its audio waits until it reads. */
  readonly unreadBytes: number;
  /** A client that reads nothing for this long while more than `unreadBytes` wait for it is dropped, in seconds. */
  readonly unreadSeconds: number;
  /** A client that sends nothing for this long is dropped, in seconds. Time while the server does not read is not counted. */
  readonly idleSeconds: number;
  /** No connection lasts longer. */
  readonly totalSeconds: number;
}

/** What holds unless told otherwise. */
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

/** The defaults with some changed. @throws CallsignError `INVALID_ARGUMENT` naming the limit */
export function resolveLimits(changes: Partial<ServeLimits> = {}): ServeLimits {
  const waitingConnections = Math.max(64, changes.streams ?? DEFAULT_LIMITS.streams);
  const limits = { ...DEFAULT_LIMITS, waitingConnections, ...changes };
  for (const [name, value] of Object.entries(limits))
    if (!(Number.isFinite(value) && value > 0))
      throw new CallsignError("INVALID_ARGUMENT", `limit ${name}: expected a number above 0, got ${value}`);
  // setTimeout takes no more than 2^31 - 1 ms.
  for (const name of ["helloSeconds", "idleSeconds", "totalSeconds"] as const)
    if (limits[name] > 2_000_000)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `limit ${name}: expected at most 2000000, got ${limits[name]}`,
      );
  return limits;
}
