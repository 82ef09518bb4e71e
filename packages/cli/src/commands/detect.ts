import { CallsignError, type Detection, type Detector } from "@callsign/infer";
import type { Command } from "commander";
import { type CliContext, printJson } from "../context.ts";
import { describeError } from "../exit-code.ts";
import { addDetectorOptions, openDetector, type OpenDetectorFlags } from "../open-detector.ts";

interface DetectFlags extends OpenDetectorFlags {
  readonly json?: boolean;
}

interface FileResult {
  readonly file: string;
  readonly seconds: number;
  readonly detections: readonly Detection[];
  readonly error?: string;
}

/** `callsign detect`: what a model hears in recordings. */
export function registerDetect(program: Command, context: CliContext): void {
  const detectCommand = program
    .command("detect")
    .description(
      "Stream recordings (wav, flac, mp3, ogg, opus; any rate) through a model and print what it hears.",
    )
    .argument("<file...>", "recordings")
    .addHelpText("after", "\nExample:\n  callsign detect call.flac memo.wav --model models/galactic --json");
  addDetectorOptions(detectCommand)
    .option("--json", "print one JSON document and nothing else on stdout")
    .action((files: string[], flags: DetectFlags) => detect(context, { files, flags }));
}

async function detect(
  context: CliContext,
  { files, flags }: { files: readonly string[]; flags: DetectFlags },
): Promise<void> {
  const detector = await openDetector(context, flags);
  const results: FileResult[] = [];
  try {
    for (const file of files) {
      const result = await detectFile(context, { detector, file });
      results.push(result);
      if (!flags.json) printResult(context, result);
    }
  } finally {
    await detector.dispose();
  }
  if (flags.json) printJson(context, results);
  const failed = results.filter(({ error }) => error !== undefined).map(({ file }) => file);
  if (failed.length > 0) {
    throw new CallsignError(
      "AUDIO_INVALID",
      `detect: ${failed.length} of ${files.length} files could not be read: ${failed.join(", ")}`,
    );
  }
}

/** One bad file is reported in its place and the others still run. */
async function detectFile(
  context: CliContext,
  { detector, file }: { detector: Detector; file: string },
): Promise<FileResult> {
  const { readAudioChunks } = await import("@callsign/infer/node");
  const detections: Detection[] = [];
  let samples = 0;
  // A stream of its own: nothing of one file is heard in the next.
  const stream = detector.fork();
  try {
    for await (const chunk of readAudioChunks(file, {
      signal: context.signal,
      onNote: ({ message }) => context.stderr(`note: ${message}\n`),
    })) {
      samples += chunk.length;
      for (const step of await stream.push(chunk)) detections.push(...step.detections);
    }
    return { file, seconds: samples / 16_000, detections };
  } catch (error) {
    if (error instanceof CallsignError && error.code === "ABORTED") throw error;
    return { file, seconds: samples / 16_000, detections, error: describeError(error) };
  }
}

function printResult(context: CliContext, { file, seconds, detections, error }: FileResult): void {
  if (error !== undefined) context.stderr(`${error}\n`);
  for (const { label, score, timestampMs } of detections) {
    context.stdout(`${file}\t${(timestampMs / 1000).toFixed(3)} s\t${label}\t${score.toFixed(3)}\n`);
  }
  if (error === undefined && detections.length === 0) {
    context.stdout(`${file}\tnothing in ${seconds.toFixed(1)} s\n`);
  }
}
