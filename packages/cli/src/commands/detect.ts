import { type AudioNote, CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Detector, ModelDetection } from "@callsign/infer/internal";
import type { Command } from "commander";
import { addRawOptions, type RawFlags, readInput } from "../flags/audio-input.ts";
import { type CliContext, printJson } from "../context.ts";
import { describeError, type JsonError, toJsonError } from "../exit-code.ts";
import { collect } from "../flags/heads.ts";
import { addDetectorOptions, type DetectorFlags, MODEL_HELP, openDetector } from "../flags/detector.ts";

interface DetectFlags extends DetectorFlags, RawFlags {
  readonly model: readonly string[];
  readonly json?: boolean;
}

interface FileResult {
  readonly file: string;
  readonly seconds: number;
  readonly detections: readonly ModelDetection[];
  /** What was lost or assumed in reading the file. */
  readonly notes?: readonly AudioNote[];
  readonly error?: JsonError;
}

/** Registers `callsign detect`: detections in recordings. */
export function registerDetect(program: Command, context: CliContext): void {
  const detectCommand = program
    .command("detect")
    .description(
      "Print the detections in recordings (wav, flac, mp3, ogg, opus; with ffmpeg also m4a and others).",
    )
    .argument("<file...>", "recordings or pipes; - is standard input")
    .requiredOption("--model <dir>", `${MODEL_HELP}; repeat it for several models`, collect);
  addRawOptions(addDetectorOptions(detectCommand))
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nA file that cannot be read is reported and the others are still processed; the exit code is then 1.\n" +
        "\nExamples:\n" +
        "  callsign detect call.flac memo.wav --model models/galactic\n" +
        "  callsign detect *.wav --model models/oxygen --model models/battery --json\n" +
        "  arecord -q -t raw -f S16_LE -r 16000 | callsign detect - --rate 16000 --model models/galactic",
    )
    .action((files: string[], flags: DetectFlags) => detect(context, { files, flags }));
}

async function detect(
  context: CliContext,
  { files, flags }: { files: readonly string[]; flags: DetectFlags },
): Promise<void> {
  if (files.filter((file) => file === "-").length > 1)
    throw new CallsignError("INVALID_ARGUMENT", "detect: - (standard input) can be read only once");
  const detector = await openDetector(context, flags.model, flags);
  const results: FileResult[] = [];
  const failures: Failure[] = [];
  try {
    for (const file of files) {
      const { result, error } = await detectFile(context, { detector, file, flags });
      results.push(result);
      if (error === undefined) continue;
      failures.push({ file, error });
      // The error of a single file is thrown below.
      if (!flags.json && files.length > 1) context.stderr(`${describeError(error)}\n`);
    }
  } finally {
    await detector.dispose();
  }
  if (flags.json) printJson(context, results);
  if (failures.length > 0) throw summaryOf(failures, files.length);
}

interface Failure {
  readonly file: string;
  readonly error: unknown;
}

/** One error for all failed files, with the code of the first. */
function summaryOf(failures: readonly Failure[], files: number): unknown {
  const { error } = failures[0]!;
  if (files === 1 || !(error instanceof CallsignError)) return error;
  const shown = failures
    .slice(0, MAX_SHOWN)
    .map(({ file, error: own }) => `${file} (${toJsonError(own).code})`);
  if (failures.length > MAX_SHOWN) shown.push(`and ${failures.length - MAX_SHOWN} more`);
  return new CallsignError(
    error.code,
    `detect: ${failures.length} of ${files} files failed: ${shown.join(", ")}`,
    { cause: error },
  );
}

const MAX_SHOWN = 10;

/** Detections of one file; an error is returned, so that the other files are still processed. */
async function detectFile(
  context: CliContext,
  { detector, file, flags }: { detector: Detector; file: string; flags: DetectFlags },
): Promise<{ readonly result: FileResult; readonly error?: unknown }> {
  const detections: ModelDetection[] = [];
  const notes: AudioNote[] = [];
  const onNote = (note: AudioNote): void => {
    notes.push(note);
    if (!flags.json) context.stderr(`note: ${note.message}\n`);
  };
  let samples = 0;
  const result = (): FileResult => ({
    file,
    seconds: samples / SAMPLE_RATE_HZ,
    detections,
    ...(notes.length > 0 && { notes }),
  });
  // A new stream for each file, so that files do not affect each other.
  const stream = detector.open();
  try {
    for await (const chunk of readInput(context, file, { raw: flags, onNote })) {
      samples += chunk.length;
      for (const step of await stream.push(chunk))
        for (const detection of step.detections) {
          detections.push(detection);
          if (!flags.json) context.stdout(formatDetection(file, detection, flags.model.length > 1));
        }
    }
  } catch (error) {
    if (error instanceof CallsignError && error.code === "ABORTED") throw error;
    return { result: { ...result(), error: toJsonError(error) }, error };
  }
  if (!flags.json && detections.length === 0)
    context.stdout(`${file}\tno detections in ${(samples / SAMPLE_RATE_HZ).toFixed(1)} s\n`);
  return { result: result() };
}

function formatDetection(
  file: string,
  { model, label, score, timestampMs }: ModelDetection,
  withModel: boolean,
): string {
  const name = withModel ? `${model}\t${label}` : label;
  return `${file}\t${(timestampMs / 1000).toFixed(3)} s\t${name}\t${score.toFixed(3)}\n`;
}
