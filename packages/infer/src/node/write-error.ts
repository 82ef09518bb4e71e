import { CallsignError } from "../errors.ts";
import { errorCode } from "./error-code.ts";

/** For a path that could not be written: which, and why in words. */
export function writeError(path: string, cause: unknown): CallsignError {
  const reason = REASONS[errorCode(cause) ?? ""] ?? (cause instanceof Error ? cause.message : String(cause));
  return new CallsignError("FILE_WRITE_FAILED", `${path}: cannot be written: ${reason}`, { cause });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "the disk quota is used up",
  EEXIST: "a file is where its folder should be",
  EISDIR: "a folder of that name is there",
  ENOSPC: "the disk is full",
  ENOTDIR: "a file is where its folder should be",
  EPERM: "permission denied",
  EROFS: "the disk is read-only",
};
