import { CallsignError } from "@callsign/audio/internal";

/** Throws if the signal is aborted; the message begins with `who`. @throws CallsignError `ABORTED` */
export function throwIfAborted(signal: AbortSignal | undefined, who: string): void {
  if (signal?.aborted) throw new CallsignError("ABORTED", `${who}: interrupted`, { cause: signal.reason });
}
