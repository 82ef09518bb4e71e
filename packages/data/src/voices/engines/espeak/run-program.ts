import { spawn } from "node:child_process";
import { CallsignError } from "@callsign/audio/internal";

/**
 * Runs a program without a shell, with text as its input, and collects its output.
 * @throws CallsignError `DEPENDENCY_MISSING` (not installed), `ABORTED`, `SYNTHESIS_FAILED` (crash, time, too much output)
 */
export function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const { stdin = "", signal, timeoutSeconds } = options;
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    killSignal: "SIGKILL",
  });
  return new Promise((resolve, reject) => {
    const failed = (reason: string, cause?: unknown): void =>
      reject(new CallsignError("SYNTHESIS_FAILED", `${command}: ${reason}`, { cause }));
    const stdout = collect(child.stdout, () => {
      child.kill("SIGKILL");
      failed(`more than ${LARGEST_OUTPUT} bytes of output`);
    });
    const stderr = collect(child.stderr, () => child.kill("SIGKILL"));
    child.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") reject(notInstalled(command, cause));
      else if (signal?.aborted) reject(new CallsignError("ABORTED", `${command}: stopped`, { cause }));
      else failed(timeout.aborted ? `no answer within ${timeoutSeconds} s` : String(cause), cause);
    });
    child.on("close", (code, killedBy) => {
      if (killedBy !== null) failed(`ended by ${killedBy}: ${stderr().toString("utf8").slice(0, 300)}`);
      else resolve({ code, stdout: stdout(), stderr: stderr().toString("utf8").trim() });
    });
    // A program that dies before it has read its input breaks the pipe; its exit says why.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
  });
}

interface ProgramOptions {
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  readonly timeoutSeconds: number;
}

interface ProgramResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Ten minutes of 22,050 Hz int16: no text we send is that long. */
const LARGEST_OUTPUT = 26_460_000;

function collect(stream: NodeJS.ReadableStream, tooMuch: () => void): () => Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  stream.on("data", (part: Buffer) => {
    length += part.length;
    if (length > LARGEST_OUTPUT) tooMuch();
    else parts.push(part);
  });
  return () => Buffer.concat(parts);
}

const notInstalled = (command: string, cause: unknown): CallsignError =>
  new CallsignError(
    "DEPENDENCY_MISSING",
    `${command}: not installed; install it: apt-get install espeak-ng (GPL-3.0-or-later)`,
    { cause },
  );
