import {
  type AudioNote,
  CallsignError,
  fromInt16,
  SAMPLE_RATE_HZ,
  toMagnitudes,
} from "@callsign/audio/internal";
import type { DetectorStep, DetectorStream, ModelCard } from "@callsign/infer/internal";
import type { MicrophoneProgram } from "@callsign/audio/node/internal";
import { type Command, Option } from "commander";
import { type CliContext, commandPrefix } from "../../context.ts";
import { addRawOptions, type RawFlags, readInput } from "../../flags/audio-input.ts";
import { DetectionActions } from "./detection-actions.ts";
import { ListenLine } from "./listen-line.ts";
import { addDetectorOptions, type DetectorFlags, MODEL_HELP, openDetector } from "../../flags/detector.ts";
import { parsePositive } from "../../flags/numbers.ts";

interface ListenFlags extends DetectorFlags, RawFlags {
  readonly list?: boolean;
  readonly device?: string;
  readonly through?: MicrophoneProgram;
  readonly seconds?: number;
  readonly saveDetections?: string;
  readonly exec?: readonly string[];
  readonly levelGate?: boolean;
  readonly json?: boolean;
}

/** Registers `callsign listen`: detections in live audio. */
export function registerListen(program: Command, context: CliContext): void {
  const command = program
    .command("listen")
    .description(
      "Print each detection in the audio of a microphone; on a terminal also the level and the scores.",
    )
    .argument("[model...]", MODEL_HELP)
    .option("--list", "list the microphones and exit")
    .option(
      "--device <name>",
      "microphone by id, name or part of its name; - is standard input (default: the system's)",
    )
    .addOption(
      new Option(
        "--through <program>",
        "program that records (default: decibri if it finds a microphone, else arecord)",
      ).choices(["decibri", "arecord"]),
    )
    .option("--level-gate", "skip computation during silence")
    .option("--seconds <seconds>", "stop after this much audio (default: until Ctrl-C)", parsePositive)
    .option(
      "--save-detections <dir>",
      "save each detection as a WAV file, from 2 s before it to 0.5 s after it",
    )
    .option(
      "--exec <program...>",
      "program to run at each detection, without a shell; model, label, score and time in ms are added to its arguments",
    );
  addRawOptions(addDetectorOptions(command))
    .option("--json", "print each detection as one line of JSON and nothing else on stdout")
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
}

async function list(context: CliContext, flags: ListenFlags): Promise<void> {
  const { listMicrophones } = await import("@callsign/audio/node/internal");
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
  const actions = new DetectionActions(context, flags);
  await actions.prepare();
  const detector = await openDetector(context, models, flags);
  try {
    const stream = detector.open({
      audioSeconds: flags.saveDetections === undefined ? 0 : 10,
      ...(flags.levelGate === true && { levelGate: {} }),
    });
    await run(context, { stream, cards: detector.cards, flags, actions });
  } finally {
    await actions.finish();
    await detector.dispose();
  }
}

async function run(
  context: CliContext,
  parts: {
    readonly stream: DetectorStream;
    readonly cards: readonly ModelCard[];
    readonly flags: ListenFlags;
    readonly actions: DetectionActions;
  },
): Promise<void> {
  const { commandLabels, levelDb } = await import("@callsign/infer/internal");
  const { stream, cards, flags, actions } = parts;
  const { seconds = Infinity } = flags;
  const line = new ListenLine(context, cards, commandLabels);
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
      const samples = chunk.subarray(0, Math.min(chunk.length, seconds * SAMPLE_RATE_HZ - heard));
      heard += samples.length;
      silent = samples.some((sample) => sample !== 0) ? 0 : silent + samples.length;
      if (silent >= SILENT_SAMPLES && silent - samples.length < SILENT_SAMPLES)
        line.print("The microphone sends only zeros: is it muted, or is recording not allowed?");
      const steps = await stream.push(samples);
      line.update(steps, levelDb(toMagnitudes(samples)));
      report(steps, { context, flags, actions, line });
      actions.saveUntil((heard * 1000) / SAMPLE_RATE_HZ, stream);
      if (heard >= seconds * SAMPLE_RATE_HZ) break;
    }
  } finally {
    line.finish();
    actions.saveUntil(Infinity, stream);
  }
  if (heard === 0 && !context.signal.aborted)
    throw new CallsignError(
      "MICROPHONE_FAILED",
      `${source.name}: no audio for ${seconds} s; choose another device (${commandPrefix(context.env)} listen --list)`,
    );
}

interface Source {
  readonly name: string;
  /** 16 kHz mono. */
  readonly chunks: AsyncGenerator<Float32Array>;
}

/** Opens a microphone, or standard input for the device `-`. A microphone that sends nothing is closed once `mayEnd` returns true. */
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
  const { openMicrophone } = await import("@callsign/audio/node/internal");
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
  for await (const chunk of chunks) yield fromInt16(chunk);
}

/** Length of zeros that is reported, 5 s: a working microphone always has some noise. */
const SILENT_SAMPLES = 5 * SAMPLE_RATE_HZ;

function report(
  steps: readonly DetectorStep[],
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
    actions.add(detection);
  }
}
