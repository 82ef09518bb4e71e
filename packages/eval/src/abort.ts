import { CallsignError } from "@callsign/audio/internal";

/** Stops a stage between two steps. `who` begins the message. @throws CallsignError `ABORTED` */
export function throwIfAborted(signal: AbortSignal | undefined, who: string): void {
  if (signal?.aborted) throw new CallsignError("ABORTED", `${who}: interrupted`, { cause: signal.reason });
}
