import { CallsignError } from "@callsign/audio/internal";

/** Error of an engine that made no speech for a valid request. */
export function synthesisFailed({ engine, text, reason, cause }: SynthesisFailure): CallsignError {
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  return new CallsignError("SYNTHESIS_FAILED", `${engine}: no speech for ${shown}: ${reason.slice(0, 500)}`, {
    cause,
  });
}

interface SynthesisFailure {
  readonly engine: string;
  readonly text: string;
  readonly reason: string;
  readonly cause?: unknown;
}

/** @throws CallsignError `ABORTED` */
export function throwIfAborted(signal: AbortSignal | undefined, engine: string): void {
  if (signal?.aborted)
    throw new CallsignError("ABORTED", `${engine}: synthesis was stopped`, { cause: signal.reason });
}
