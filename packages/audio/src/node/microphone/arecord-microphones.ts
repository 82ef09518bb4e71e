import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { toInt16 } from "../../samples/pcm.ts";
import { PcmDecoder } from "../../samples/pcm-decoder.ts";
import { Resampler } from "../../resample/resampler.ts";
import { CallsignError } from "../../errors.ts";
import { SAMPLE_RATE_HZ } from "../../samples/audio.ts";
import { errorCode } from "../error-code.ts";
import type { MicrophoneAdapter, MicrophoneInfo } from "./microphone-adapter.ts";

/** Adapter for ALSA's program `arecord`. @throws CallsignError `DEPENDENCY_MISSING` if it is not installed */
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

/** Parses `arecord -L`, which prints names, each followed by an indented description. */
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
  // ALSA's null device.
  return found.filter(({ id }) => id !== "null");
}

async function* open({
  id,
  signal,
}: {
  readonly id: string | undefined;
  readonly signal: AbortSignal;
}): AsyncGenerator<Int16Array> {
  let format: DeviceFormat = { encoding: "s16le", channels: 1 };
  // A device without a converter (`hw:`) may not support this sample format or a single channel.
  for (const tried = new Set<string>(); ;) {
    const outcome = yield* record({ id, signal, format });
    if (outcome === undefined) return;
    tried.add(JSON.stringify(format));
    const next = otherFormat(format, outcome);
    if (next === undefined || tried.has(JSON.stringify(next))) throw failure(outcome, id);
    format = next;
  }
}

interface DeviceFormat {
  readonly encoding: "s16le" | "s24le" | "s32le";
  readonly channels: number;
}

const ARECORD_FORMATS = { s16le: "S16_LE", s24le: "S24_3LE", s32le: "S32_LE" } as const;

/** Next format to try after one that the device does not support, from arecord's error message. */
function otherFormat({ encoding, channels }: DeviceFormat, complaint: string): DeviceFormat | undefined {
  if (/channels count non available/i.test(complaint))
    return channels === 1 ? { encoding, channels: 2 } : undefined;
  if (!/sample format non available/i.test(complaint)) return undefined;
  const known = Object.entries(ARECORD_FORMATS) as [DeviceFormat["encoding"], string][];
  const found = known.find(([, name]) => new RegExp(`^- ${name}$`, "m").test(complaint))?.[0];
  return found && { encoding: found, channels };
}

interface Recording {
  readonly id: string | undefined;
  readonly signal: AbortSignal;
  readonly format: DeviceFormat;
}

/** Runs arecord. Returns its messages if it exits by itself, undefined after an abort. */
async function* record({ id, signal, format }: Recording): AsyncGenerator<Int16Array, string | undefined> {
  if (signal.aborted) return undefined;
  const device = id === undefined ? [] : ["-D", id];
  const { encoding, channels } = format;
  // Without -q, which hides a different sample rate, and in English, to be parsed below.
  const child = spawn(
    "arecord",
    ["-t", "raw", "-f", ARECORD_FORMATS[encoding], "-r", "16000", "-c", String(channels), ...device],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C" } },
  );
  let printed = "";
  child.stderr.on("data", (text: Buffer) => (printed = `${printed}${text.toString()}`.slice(-2000)));
  const ended = once(child, "exit").catch((error: unknown) => [errorCode(error)]);
  const stop = (): void => {
    child.kill();
    child.stdout.destroy();
  };
  signal.addEventListener("abort", stop);
  try {
    const decoder = new PcmDecoder({ encoding, channels });
    let resampler: Resampler | undefined;
    for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
      if (resampler === undefined) {
        // arecord's messages about the device may arrive after the first audio.
        await delay(RATE_WAIT_MS);
        resampler = new Resampler({ fromHz: rateIn(printed), toHz: SAMPLE_RATE_HZ });
      }
      if (signal.aborted) return undefined;
      yield toInt16(resampler.push(decoder.decode(bytes)));
    }
    await ended;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    child.kill("SIGKILL");
    await ended;
  }
  return signal.aborted ? undefined : complaintIn(printed);
}

const RATE_WAIT_MS = 20;

/** Sample rate of a device without 16 kHz, from arecord's warning. */
const rateIn = (printed: string): number =>
  Number(/rate is not accurate \(requested = \d+Hz, got = (\d+)Hz\)/.exec(printed)?.[1] ?? SAMPLE_RATE_HZ);

/** arecord's messages without those that it always prints. */
const complaintIn = (printed: string): string =>
  printed
    .split("\n")
    .filter((line) => !/^Recording |^Warning: rate is not accurate|please, try the plug plugin/.test(line))
    .join("\n");

/** Error with advice for a message of arecord. */
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
  [/rate|channels|format/i, "it has no format that can be read; choose its plughw: name, which converts"],
  [/^\s*$/, "it ended without a reason; it may have been unplugged"],
];
