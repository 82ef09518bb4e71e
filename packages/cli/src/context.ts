import type { Readable } from "node:stream";

/** Everything outside the process that a command uses; tests pass their own. */
export interface CliContext {
  /** Writes results; with `--json` only one JSON document. */
  readonly stdout: (text: string) => void;
  /** Writes audio to standard output; resolves when it is written. Absent if standard output is a terminal. */
  readonly writeBytes?: (bytes: Uint8Array) => Promise<void>;
  /** Standard input, for commands that read `-`. */
  readonly stdin?: () => Readable;
  /** Writes progress, notes and errors. */
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** True if stderr is a terminal, where the progress line is redrawn. */
  readonly interactive: boolean;
  /** Current width of that terminal; undefined if unknown. */
  readonly columns?: () => number | undefined;
  /** Seconds without audio from a microphone after which that is reported. Default 3. */
  readonly noAudioSeconds?: number;
}

/**
 * How this process was started, for commands that a message tells the user to run: in a checkout of the repository there is no
 * `callsign` on the path. npm sets these variables for the script that it runs.
 */
export function commandPrefix(env: CliContext["env"]): string {
  const isNpmScript = env.npm_lifecycle_event === "callsign" || env.npm_package_name === "callsign-workspace";
  return isNpmScript ? "npm run -s callsign --" : "callsign";
}

/** Prints one JSON document. */
export function printJson(context: CliContext, value: unknown): void {
  context.stdout(`${JSON.stringify(value, null, 2)}\n`);
}
