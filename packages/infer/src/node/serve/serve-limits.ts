import { CallsignError } from "../../errors.ts";

/** What one client may ask of a server; every limit is there so that the others never notice. */
export interface ServeLimits {
  /** Clients connected at once, over both protocols. */
  readonly streams: number;
  /** One message, and each part of a Wyoming event. */
  readonly messageBytes: number;
  /** Messages a second in the long run; who sends more is read more slowly. */
  readonly messagesPerSecond: number;
  /** Audio a second in the long run, in seconds; who sends more is read more slowly. */
  readonly audioFactor: number;
  /** Audio that may come at once before that holds, in seconds. */
  readonly audioBurstSeconds: number;
  /** Audio that may wait to be heard before the client is read no further, in seconds. */
  readonly backlogSeconds: number;
  /** What a client has not read yet may come to; beyond it the client is dropped. */
  readonly unreadBytes: number;
  /** Without any message for so long, a client is dropped. */
  readonly idleSeconds: number;
  /** No connection lasts longer. */
  readonly totalSeconds: number;
}

/** What holds unless told otherwise. */
const DEFAULT_LIMITS: ServeLimits = {
  streams: 256,
  messageBytes: 1024 * 1024,
  messagesPerSecond: 250,
  audioFactor: 4,
  audioBurstSeconds: 30,
  backlogSeconds: 4,
  unreadBytes: 256 * 1024,
  idleSeconds: 60,
  totalSeconds: 86_400,
};

/** The defaults with some changed. @throws CallsignError `INVALID_ARGUMENT` naming the limit */
export function resolveLimits(changes: Partial<ServeLimits> = {}): ServeLimits {
  const limits = { ...DEFAULT_LIMITS, ...changes };
  for (const [name, value] of Object.entries(limits))
    if (!(Number.isFinite(value) && value > 0))
      throw new CallsignError("INVALID_ARGUMENT", `limit ${name}: expected a number above 0, got ${value}`);
  // setTimeout takes no more than 2^31 - 1 ms.
  for (const name of ["idleSeconds", "totalSeconds"] as const)
    if (limits[name] > 2_000_000)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `limit ${name}: expected at most 2000000, got ${limits[name]}`,
      );
  return limits;
}
