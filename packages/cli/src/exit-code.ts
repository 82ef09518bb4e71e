import { CallsignError } from "@callsign/audio/internal";
import { CommanderError } from "commander";

/** 0 done, 1 failed, 2 bad usage or config, 130 interrupted (the process exits with 143 after SIGTERM). */
export type ExitCode = 0 | 1 | 2 | 130;

const USAGE_CODES = new Set(["CONFIG_INVALID", "INVALID_ARGUMENT"]);

/** Exit code for an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof CallsignError)) return 1;
  if (error.code === "ABORTED") return 130;
  return USAGE_CODES.has(error.code) ? 2 : 1;
}

/** Text of an error for stderr: the message of a CallsignError; other errors are bugs and print their stack. */
export function describeError(error: unknown): string {
  if (error instanceof CallsignError) return `error [${error.code}] ${error.message}`;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `internal error, please report it: ${detail}`;
}

/** Error as `--json` prints it. */
export interface JsonError {
  readonly code: string;
  readonly message: string;
}

/** Converts an error for `--json`; a bug has the code `INTERNAL`. */
export const toJsonError = (error: unknown): JsonError =>
  error instanceof CallsignError
    ? { code: error.code, message: error.message }
    : { code: "INTERNAL", message: describeError(error) };
