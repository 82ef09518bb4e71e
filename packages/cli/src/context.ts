/** What a command may touch of the outside world; tests pass their own. */
export interface CliContext {
  /** Results: with `--json` nothing but one JSON document. */
  readonly stdout: (text: string) => void;
  /** Progress, notices and errors. */
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** True where stderr is a terminal, so that a progress line may be redrawn. */
  readonly interactive: boolean;
}

/** Prints one JSON document. */
export function printJson(context: CliContext, value: unknown): void {
  context.stdout(`${JSON.stringify(value, null, 2)}\n`);
}
