import {
  type AudioNote,
  CallsignError,
  type DetectorStream,
  levelDb,
  type ModelCard,
  type ModelStep,
} from "@callsign/infer";
import type { MicrophoneProgram } from "@callsign/infer/node";
import { type Command, Option } from "commander";
import type { CliContext } from "../context.ts";
import { addRawOptions, type RawFlags, readInput } from "../audio-input.ts";
import { DetectionActions } from "../detection-actions.ts";
import { ListenLine } from "../listen-line.ts";
import { addHeadOptions } from "../head-options.ts";
import { loadDetectorSetFor, type OpenDetectorSetFlags, sensitivityOf } from "../open-detector-set.ts";
import { parseNumber } from "../parse-number.ts";
import { parseThreshold } from "../parse-threshold.ts";

interface ListenFlags extends OpenDetectorSetFlags, RawFlags {
  readonly list?: boolean;
  readonly device?: string;
  readonly through?: MicrophoneProgram;
  readonly seconds?: number;
  readonly saveDetections?: string;
  readonly exec?: readonly string[];
  readonly voiceGate?: boolean;
  readonly json?: boolean;
}

/** `callsign listen`: what models hear through a microphone. */
export function registerListen(program: Command, context: CliContext): void {
  const command = program
    .command("listen")
    .description(
      "Listen to a microphone and print each detection; on a terminal also the level and the scores.",
    )
    .argument("[model...]", "model folders, or .onnx heads without a card")
    .option("--list", "list the microphones and exit")
    .option(
      "--device <name>",
      "microphone by id, name or part of its name; - is standard input (default: the system's)",
    )
    .addOption(
      new Option(
        "--through <program>",
        "how to reach it (default: decibri if it finds a microphone, else arecord)",
      ).choices(["decibri", "arecord"]),
    )
    .option(
      "--threshold <score>",
      "detection threshold, 0 to 1, for all labels or as LABEL=SCORE,... (default: each model card's)",
      parseThreshold,
    )
    .option(
      "--false-alarms-per-day <number>",
      "sensitivity for all models, by the curves in their cards",
      parseNumber,
    )
    .option("--voice-gate", "compute nothing during silence")
    .option("--seconds <seconds>", "stop after this much audio (default: until Ctrl-C)", parseNumber)
    .option("--save-detections <dir>", "save 2 s before and 0.5 s after each detection as WAV")
    .option(
      "--exec <program...>",
      "run a program, without a shell, at every detection: its arguments, then model, label, score and time in ms",
    )
    .option(
      "--embedding <file>",
      "speech embedding ONNX file (default: found as `callsign models list` shows)",
    );
  addRawOptions(command)
    .option("--json", "print one JSON document per line for every detection and nothing else on stdout")
    .addHelpText(
      "after",
      "\nStop with Ctrl-C.\n\nExamples:\n" +
        "  callsign listen models/oxygen\n" +
        "  callsign listen --list\n" +
        "  callsign listen models/oxygen models/battery --device headset --save-detections heard\n" +
        "  callsign listen models/oxygen --exec notify-send Callsign\n" +
        "  ffmpeg -loglevel error -i rtsp://camera/stream -f wav - | callsign listen models/oxygen --device -",
    )
    .action((models: string[], flags: ListenFlags) =>
      flags.list === true ? list(context, flags) : listen(context, { models, flags }),
    );
  addHeadOptions(command);
}

async function list(context: CliContext, flags: ListenFlags): Promise<void> {
  const { listMicrophones } = await import("@callsign/infer/node");
  const { through, microphones } = await listMicrophones(
    flags.through === undefined ? {} : { through: flags.through },
  );
  if (flags.json === true) return context.stdout(`${JSON.stringify({ through, microphones })}\n`);
  if (microphones.length === 0) context.stdout(`no microphone found through ${through}\n`);
  for (const { id, name, isDefault } of microphones)
    context.stdout(`${isDefault ? "*" : " "} ${id}${name === id ? "" : `\t${name}`}\n`);
}

async function listen(
  context: CliContext,
  { models, flags }: { models: readonly string[]; flags: ListenFlags },
): Promise<void> {
  if (models.length === 0) throw new CallsignError("INVALID_ARGUMENT", "listen: expected a model, or --list");
  if (flags.seconds !== undefined && !(flags.seconds > 0))
    throw new CallsignError("INVALID_ARGUMENT", `--seconds: expected a number above 0, got ${flags.seconds}`);
  const actions = new DetectionActions(context, flags);
  await actions.prepare();
  const set = await loadDetectorSetFor(context, { models, flags });
  try {
    const stream = await set.open({
      sensitivity: sensitivityOf(flags),
      audioSeconds: flags.saveDetections === undefined ? 0 : 10,
      ...(flags.voiceGate === true && { voiceGate: {} }),
    });
    await hear(context, { stream, cards: set.cards, flags, actions });
  } finally {
    await actions.finish();
    await set.dispose();
  }
}

async function hear(
  context: CliContext,
  parts: {
    readonly stream: DetectorStream;
    readonly cards: readonly ModelCard[];
    readonly flags: ListenFlags;
    readonly actions: DetectionActions;
  },
): Promise<void> {
  const { stream, cards, flags, actions } = parts;
  const { seconds = Infinity } = flags;
  const line = new ListenLine(context, cards);
  let heard = 0;
  let silent = 0;
  const started = performance.now();
  const source = await openSource(context, {
    flags,
    line,
    mayEnd: () => performance.now() - started >= seconds * 1000,
  });
  context.stderr(`Listening to ${source.name}.\n`);
  try {
    for await (const chunk of source.chunks) {
      const samples = chunk.subarray(0, Math.min(chunk.length, seconds * 16_000 - heard));
      heard += samples.length;
      silent = samples.some((sample) => sample !== 0) ? 0 : silent + samples.length;
      if (silent >= SILENT_SAMPLES && silent - samples.length < SILENT_SAMPLES)
        line.print("The microphone gives nothing but zeros: is it muted, or is recording not allowed?");
      const steps = await stream.push(samples);
      line.update(steps, levelDb(samples));
      report(steps, { context, flags, actions, line });
      actions.heardUntil((heard * 1000) / 16_000, stream);
      if (heard >= seconds * 16_000) break;
    }
  } finally {
    line.finish();
    actions.heardUntil(Infinity, stream);
  }
  if (heard === 0 && !context.signal.aborted)
    throw new CallsignError(
      "MICROPHONE_FAILED",
      `${source.name}: no audio came in ${seconds} s; choose another device (callsign listen --list)`,
    );
}

interface Source {
  readonly name: string;
  /** 16 kHz mono, int16 magnitudes. */
  readonly chunks: AsyncGenerator<Float32Array>;
}

/** A microphone, or standard input for the device `-`. A microphone that sends nothing ends once `mayEnd` says so. */
async function openSource(
  context: CliContext,
  {
    flags,
    line,
    mayEnd,
  }: { readonly flags: ListenFlags; readonly line: ListenLine; readonly mayEnd: () => boolean },
): Promise<Source> {
  const { device, through, rate, encoding, channels } = flags;
  if (device === "-") {
    const onNote = ({ message }: AudioNote): void => line.print(`note: ${message}`);
    return { name: "standard input", chunks: readInput(context, "-", { raw: flags, onNote }) };
  }
  if ((rate ?? encoding ?? channels) !== undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "listen: --rate, --encoding and --channels are for --device -",
    );
  const { openMicrophone } = await import("@callsign/infer/node");
  const { noAudioSeconds = 3 } = context;
  const ended = new AbortController();
  const { info, chunks, ...opened } = await openMicrophone({
    ...(device !== undefined && { device }),
    ...(through !== undefined && { through }),
    signal: AbortSignal.any([context.signal, ended.signal]),
    noAudioSeconds,
    onNoAudio: () => {
      line.print(
        `No audio for ${noAudioSeconds} s: is the microphone connected, and does another program use it?`,
      );
      if (mayEnd()) ended.abort();
    },
  });
  const name = `${info?.name ?? device ?? "the default microphone"} through ${opened.through}`;
  return { name, chunks: toFloats(chunks) };
}

async function* toFloats(chunks: AsyncGenerator<Int16Array>): AsyncGenerator<Float32Array> {
  for await (const chunk of chunks) yield Float32Array.from(chunk);
}

/** Five seconds: a live microphone hums. */
const SILENT_SAMPLES = 5 * 16_000;

function report(
  steps: readonly ModelStep[],
  parts: {
    readonly context: CliContext;
    readonly flags: ListenFlags;
    readonly actions: DetectionActions;
    readonly line: ListenLine;
  },
): void {
  const { context, flags, actions, line } = parts;
  for (const detection of steps.flatMap((step) => step.detections)) {
    const { model, label, score, timestampMs } = detection;
    line.clear();
    if (flags.json === true)
      context.stdout(`${JSON.stringify({ at: new Date().toISOString(), ...detection })}\n`);
    else
      context.stdout(
        `${new Date().toLocaleTimeString("en-GB")}\t${(timestampMs / 1000).toFixed(3)} s\t${model}\t${label}\t${score.toFixed(3)}\n`,
      );
    actions.take(detection);
  }
}
