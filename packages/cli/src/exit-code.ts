import { CallsignError } from "@callsign/infer";
import { CommanderError } from "commander";

/** 0 done, 1 failed, 2 bad usage or config, 130 interrupted (the process ends with 143 where it was by SIGTERM). */
export type ExitCode = 0 | 1 | 2 | 130;

const USAGE_CODES = new Set(["CONFIG_INVALID", "INVALID_ARGUMENT"]);

/** The exit code an error ends the process with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof CallsignError)) return 1;
  if (error.code === "ABORTED") return 130;
  return USAGE_CODES.has(error.code) ? 2 : 1;
}

/** An error as text for stderr: a CallsignError prints its message; anything else is a bug and prints its stack. */
export function describeError(error: unknown): string {
  if (error instanceof CallsignError) return `error [${error.code}] ${error.message}`;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `internal error, please report it: ${detail}`;
}

/** An error as `--json` prints it. */
export interface JsonError {
  readonly code: string;
  readonly message: string;
}

/** The same error for `--json`; a bug has the code `INTERNAL`. */
export const toJsonError = (error: unknown): JsonError =>
  error instanceof CallsignError
    ? { code: error.code, message: error.message }
    : { code: "INTERNAL", message: describeError(error) };
