import { type AudioNote, CallsignError, type Detection, type Detector } from "@callsign/infer";
import type { Command } from "commander";
import { addRawOptions, type RawFlags, readInput } from "../audio-input.ts";
import { type CliContext, printJson } from "../context.ts";
import { describeError, type JsonError, toJsonError } from "../exit-code.ts";
import { addDetectorOptions, openDetector, type OpenDetectorFlags } from "../open-detector.ts";

interface DetectFlags extends OpenDetectorFlags, RawFlags {
  readonly json?: boolean;
}

interface FileResult {
  readonly file: string;
  readonly seconds: number;
  readonly detections: readonly Detection[];
  /** What was lost or assumed while the file was read. */
  readonly notes?: readonly AudioNote[];
  readonly error?: JsonError;
}

/** `callsign detect`: what a model hears in recordings. */
export function registerDetect(program: Command, context: CliContext): void {
  const detectCommand = program
    .command("detect")
    .description(
      "Print where a model detects its words in recordings (wav, flac, mp3, ogg, opus; any sample rate).",
    )
    .argument("<file...>", "recordings, or pipes; - is standard input");
  addRawOptions(addDetectorOptions(detectCommand))
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nA file that cannot be read is reported and the others are still processed; the exit code is then 1.\n" +
        "\nExamples:\n" +
        "  callsign detect call.flac memo.wav --model models/galactic\n" +
        "  callsign detect *.wav --model models/galactic --json\n" +
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
  const detector = await openDetector(context, flags);
  const results: FileResult[] = [];
  const failures: Failure[] = [];
  try {
    for (const file of files) {
      const { result, error } = await detectFile(context, { detector, file, flags });
      results.push(result);
      if (error === undefined) continue;
      failures.push({ file, error });
      // Of a single file the error is the command's own.
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

/** One error for all that failed, with the code of the first. */
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

/** One bad file is reported in its place and the others still run. */
async function detectFile(
  context: CliContext,
  { detector, file, flags }: { detector: Detector; file: string; flags: DetectFlags },
): Promise<{ readonly result: FileResult; readonly error?: unknown }> {
  const detections: Detection[] = [];
  const notes: AudioNote[] = [];
  const onNote = (note: AudioNote): void => {
    notes.push(note);
    if (!flags.json) context.stderr(`note: ${note.message}\n`);
  };
  let samples = 0;
  const result = (): FileResult => ({
    file,
    seconds: samples / 16_000,
    detections,
    ...(notes.length > 0 && { notes }),
  });
  // A stream of its own: nothing of one file is heard in the next.
  const stream = detector.fork();
  try {
    for await (const chunk of readInput(context, file, { raw: flags, onNote })) {
      samples += chunk.length;
      for (const step of await stream.push(chunk))
        for (const detection of step.detections) {
          detections.push(detection);
          if (!flags.json) context.stdout(formatDetection(file, detection));
        }
    }
  } catch (error) {
    if (error instanceof CallsignError && error.code === "ABORTED") throw error;
    return { result: { ...result(), error: toJsonError(error) }, error };
  }
  if (!flags.json && detections.length === 0)
    context.stdout(`${file}\tnothing in ${(samples / 16_000).toFixed(1)} s\n`);
  return { result: result() };
}

const formatDetection = (file: string, { label, score, timestampMs }: Detection): string =>
  `${file}\t${(timestampMs / 1000).toFixed(3)} s\t${label}\t${score.toFixed(3)}\n`;
