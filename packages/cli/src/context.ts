import type { Readable } from "node:stream";

/** What a command may touch of the outside world; tests pass their own. */
export interface CliContext {
  /** Results: with `--json` nothing but one JSON document. */
  readonly stdout: (text: string) => void;
  /** Audio on standard output; resolves once it is written. Absent where that is a terminal. */
  readonly writeBytes?: (bytes: Uint8Array) => Promise<void>;
  /** Standard input, for commands that read `-`. */
  readonly stdin?: () => Readable;
  /** Progress, notices and errors. */
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** True where stderr is a terminal, so that a progress line may be redrawn. */
  readonly interactive: boolean;
  /** Width of that terminal now; undefined where it is unknown. */
  readonly columns?: () => number | undefined;
  /** How long a microphone may send nothing before that is reported. Default 3. */
  readonly noAudioSeconds?: number;
}

/** Prints one JSON document. */
export function printJson(context: CliContext, value: unknown): void {
  context.stdout(`${JSON.stringify(value, null, 2)}\n`);
}
