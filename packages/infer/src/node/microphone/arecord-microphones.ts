import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { CallsignError } from "../../errors.ts";
import { errorCode } from "../error-code.ts";
import type { MicrophoneAdapter, MicrophoneInfo } from "./microphone.ts";

/** Microphones through ALSA's `arecord` program. @throws CallsignError `DEPENDENCY_MISSING` where it is not installed */
export async function arecordMicrophones(otherFailure?: unknown): Promise<MicrophoneAdapter> {
  try {
    await promisify(execFile)("arecord", ["--version"]);
  } catch (cause) {
    const other = otherFailure instanceof Error ? ` (${otherFailure.message})` : "";
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `no way to reach a microphone: the optional package decibri does not load here${other}, and there is no arecord ` +
        `program; install one of them: npm install decibri, or on Debian apt-get install alsa-utils`,
      { cause },
    );
  }
  return { through: "arecord", list, open };
}

/** `arecord -L` prints a name a line, its description indented behind it. */
async function list(): Promise<MicrophoneInfo[]> {
  const { stdout } = await promisify(execFile)("arecord", ["-L"]);
  const found: MicrophoneInfo[] = [];
  for (const line of stdout.split("\n")) {
    const last = found.at(-1);
    if (/^\S/.test(line))
      found.push({ id: line.trim(), name: line.trim(), isDefault: line.trim() === "default" });
    else if (last !== undefined && last.name === last.id && line.trim() !== "")
      found[found.length - 1] = { ...last, name: line.trim() };
  }
  // ALSA's own device that records nothing for ever.
  return found.filter(({ id }) => id !== "null");
}

async function* open({
  id,
  signal,
}: {
  id: string | undefined;
  signal: AbortSignal;
}): AsyncGenerator<Buffer> {
  const device = id === undefined ? [] : ["-D", id];
  const child = spawn("arecord", ["-q", "-t", "raw", "-f", "S16_LE", "-r", "16000", "-c", "1", ...device], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => (complaint = `${complaint}${text.toString()}`.slice(-2000)));
  const ended = once(child, "close").catch((error: unknown) => [errorCode(error)]);
  const stop = (): void => void child.kill();
  signal.addEventListener("abort", stop);
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      if (signal.aborted) return;
      yield chunk;
    }
    await ended;
    if (!signal.aborted) throw failure(complaint, id);
  } finally {
    signal.removeEventListener("abort", stop);
    child.kill();
    await ended;
  }
}

/** What arecord's complaint means, and what to do. */
function failure(complaint: string, id: string | undefined): CallsignError {
  const name = id === undefined ? "the default microphone" : `microphone ${JSON.stringify(id)}`;
  const reason = complaint.trim().split("\n").at(-1) ?? "";
  const advice = ADVICE.find(([pattern]) => pattern.test(complaint))?.[1] ?? "check it with `arecord -L`";
  return new CallsignError("MICROPHONE_FAILED", `${name}: ${advice}${reason === "" ? "" : ` (${reason})`}`);
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/busy/i, "another program is recording from it; close that, or choose another device"],
  [/permission denied/i, "this user may not record; join the group audio and log in again"],
  [
    /no such file|cannot find card|unknown pcm/i,
    "there is no such device; `callsign listen --list` shows those there are",
  ],
  [/no such device|disconnected|input\/output error/i, "it was unplugged; plug it in and start again"],
  [/rate|channels|format/i, "it does not record at 16 kHz mono; choose its plughw: name, which converts"],
  [/^\s*$/, "it ended without a reason; it may have been unplugged"],
];
