import { CallsignError, type DetectorStream, levelDb, type ModelCard, type ModelStep } from "@callsign/infer";
import type { MicrophoneProgram } from "@callsign/infer/node";
import { type Command, Option } from "commander";
import type { CliContext } from "../context.ts";
import { DetectionActions } from "../detection-actions.ts";
import { ListenLine } from "../listen-line.ts";
import { addHeadOptions } from "../head-options.ts";
import { loadDetectorSetFor, type OpenDetectorSetFlags, sensitivityOf } from "../open-detector-set.ts";
import { parseNumber } from "../parse-number.ts";
import { parseThreshold } from "../parse-threshold.ts";

interface ListenFlags extends OpenDetectorSetFlags {
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
  const listenCommand = program
    .command("listen")
    .description("Listen to a microphone, show its level and the scores, and print what is heard and when.")
    .argument("[model...]", "model folders, or .onnx heads without a card")
    .option("--list", "list the microphones and stop")
    .option("--device <name>", "microphone by id, name or part of its name; else the system's default")
    .addOption(
      new Option("--through <program>", "how to reach it; else decibri where it works").choices([
        "decibri",
        "arecord",
      ]),
    )
    .option(
      "--threshold <score>",
      "instead of the models' own, for all labels, or LABEL=SCORE,...",
      parseThreshold,
    )
    .option("--false-alarms-per-day <number>", "for all models, by their cards' curves", parseNumber)
    .option("--voice-gate", "pass over silence without computing anything")
    .option("--seconds <seconds>", "stop after so much audio", parseNumber)
    .option(
      "--save-detections <dir>",
      "write the two seconds before every detection and the half after as WAV",
    )
    .option(
      "--exec <program...>",
      "run a program, without a shell, at every detection: its arguments, then model, label, score and time in ms",
    )
    .option("--embedding <file>", "speech embedding ONNX file; else found as `callsign models` says")
    .option("--json", "print a JSON document a line for every detection and nothing else on stdout")
    .addHelpText(
      "after",
      "\nStop with Ctrl-C.\n\nExamples:\n" +
        "  callsign listen models/oxygen\n" +
        "  callsign listen --list\n" +
        "  callsign listen models/oxygen models/battery --device headset --save-detections heard\n" +
        "  callsign listen models/oxygen --exec notify-send Callsign",
    )
    .action((models: string[], flags: ListenFlags) =>
      flags.list === true ? list(context, flags) : listen(context, { models, flags }),
    );
  addHeadOptions(listenCommand);
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
  const set = await loadDetectorSetFor(context, { models, flags });
  const actions = new DetectionActions(context, flags);
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
  const { openMicrophone } = await import("@callsign/infer/node");
  const { device, through, seconds = Infinity } = flags;
  const { info, chunks, ...opened } = await openMicrophone({
    ...(device !== undefined && { device }),
    ...(through !== undefined && { through }),
    signal: context.signal,
  });
  context.stderr(
    `Listening to ${info?.name ?? device ?? "the default microphone"} through ${opened.through}.\n`,
  );
  const line = new ListenLine(context, cards);
  let left = seconds * 16_000;
  let heard = 0;
  let silent = 0;
  try {
    for await (const chunk of chunks) {
      const samples = Float32Array.from(chunk.subarray(0, Math.min(chunk.length, left)));
      left -= samples.length;
      heard += samples.length;
      silent = samples.some((sample) => sample !== 0) ? 0 : silent + samples.length;
      if (silent >= SILENT_SAMPLES && silent - samples.length < SILENT_SAMPLES)
        line.print("The microphone gives nothing but zeros: is it muted, or is recording not allowed?");
      const steps = await stream.push(samples);
      line.update(steps, levelDb(samples));
      report(steps, { context, flags, actions, line });
      actions.heardUntil((heard * 1000) / 16_000, stream);
      if (left <= 0) break;
    }
  } finally {
    line.finish();
    actions.heardUntil(Infinity, stream);
  }
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
