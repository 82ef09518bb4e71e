import type { ChallengeResult, PublishedFigures } from "@callsign/eval/internal";
import { CallsignError } from "@callsign/audio/internal";
import type { Command } from "commander";
import { type CliContext, printJson } from "../../context.ts";
import {
  addDetectorOptions,
  detectorArguments,
  type DetectorFlags,
  MODEL_HELP,
  openDetector,
} from "../../flags/detector.ts";
import { parseDelays, parseNumber } from "../../flags/numbers.ts";
import { ProgressLine } from "../../output/progress.ts";
import { registerEvalConversation } from "./conversation.ts";
import { registerEvalCompare } from "./compare.ts";
import { registerEvalKeyword } from "./keyword.ts";
import { registerEvalPicovoice } from "./picovoice.ts";

/** Registers `callsign eval` and its commands. */
export function registerEval(program: Command, context: CliContext): void {
  const evaluate = program
    .command("eval")
    .description("Measure the accuracy of models.")
    .addHelpText(
      "after",
      "\nExample:\n  callsign eval challenge --model models/galactic --clip challenge.wav --truth ground-truth.json",
    );
  const challenge = evaluate
    .command("challenge")
    .description(
      "Score a model on a clip by the rules of the AAICO voice-processing challenge: mute the commands, let the rest through.",
    )
    .requiredOption("--model <dir>", MODEL_HELP)
    .requiredOption("--clip <file>", "recording to score")
    .requiredOption("--truth <file>", "positions of the commands in the clip (JSON)")
    .option("--prime <file>", "recording that the model processes before the clip")
    .option("--realtime", "play the clip in real time from another thread and measure the latency")
    .option(
      "--until-sample <n>",
      "score only the frames before this sample, weighted as in the whole clip",
      parseNumber,
    )
    .option(
      "--from-sample <n>",
      "score only the frames from this sample on, weighted as in the whole clip",
      parseNumber,
    )
    .option(
      "--look-ahead <ms>",
      "also score with the output delayed by these milliseconds, such as 0,40,80",
      parseDelays,
    )
    .option("--report <dir>", "folder for report.html and report.json")
    .addHelpText(
      "after",
      "\nExample:\n  callsign eval challenge --model models/galactic --clip challenge.wav --truth ground-truth.json --prime priming.wav --realtime --report report",
    );
  addDetectorOptions(challenge)
    .option("--json", "print one JSON document and nothing else on stdout")
    .action((flags: ChallengeFlags) => evalChallenge(context, flags));
  registerEvalKeyword(evaluate, context);
  registerEvalCompare(evaluate, context);
  registerEvalPicovoice(evaluate, context);
  registerEvalConversation(evaluate, context);
}

interface ChallengeFlags extends DetectorFlags {
  readonly model: string;
  readonly clip: string;
  readonly truth: string;
  readonly prime?: string;
  readonly realtime?: boolean;
  readonly untilSample?: number;
  readonly fromSample?: number;
  readonly lookAhead?: readonly number[];
  readonly report?: string;
  readonly json?: boolean;
}

async function evalChallenge(context: CliContext, flags: ChallengeFlags): Promise<void> {
  const {
    asPublishedPriming,
    createDetectorLabeller,
    evaluateChallenge,
    isPublishedClip,
    lookAheadCurve,
    publishedFiguresFor,
    readChallengeTruth,
  } = await import("@callsign/eval/internal");
  const { readAudioFile } = await import("@callsign/audio/node/internal");
  const { signal } = context;
  if (flags.fromSample !== undefined && flags.report !== undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "--from-sample: a report needs the clip from its start; leave out --report",
    );
  const truth = await readChallengeTruth(flags.truth);
  const { samples } = await readAudioFile(flags.clip, { signal });
  const prime = flags.prime === undefined ? undefined : await readAudioFile(flags.prime, { signal });
  const detector = await openDetector(context, [flags.model], flags);
  const progress = new ProgressLine(context);
  const mode = flags.realtime ? "realtime" : "offline";
  try {
    if (prime) await detector.prime(asPublishedPriming(prime.samples));
    const labeller = createDetectorLabeller(detector);
    const { result, run } = await evaluateChallenge({
      samples,
      truth,
      truthName: flags.truth,
      labeller,
      mode,
      ...(flags.untilSample === undefined ? {} : { untilSample: flags.untilSample }),
      ...(flags.fromSample === undefined ? {} : { fromSample: flags.fromSample }),
      signal,
      onProgress: (event) => progress.update(event),
    });
    progress.finish();
    const { lookAhead: delaysMs, fromSample } = flags;
    const lookAhead =
      delaysMs && lookAheadCurve(run, truth, { delaysMs, ...(fromSample !== undefined && { fromSample }) });
    if (flags.json) printJson(context, { ...result, ...(lookAhead && { lookAhead }) });
    else {
      const scored = run.labels.length * run.frameLength;
      const published = isPublishedClip(samples) ? publishedFiguresFor(scored) : undefined;
      context.stdout(formatResult(result, published));
      for (const { delayMs, score } of lookAhead ?? [])
        context.stdout(`${`delayed by ${delayMs} ms`.padEnd(28)}${score.toFixed(5).padStart(10)}\n`);
    }
    if (flags.report !== undefined) {
      const { writeClipReport } = await import("./write-clip-report.ts");
      const htmlPath = await writeClipReport(
        {
          mode,
          result,
          run,
          samples,
          truth,
          threshold: labeller.threshold,
          model: detector.card,
          ...(lookAhead && { lookAhead }),
        },
        { folder: flags.report, clip: flags.clip, command: commandLine(flags), signal },
      );
      context.stderr(`report: ${htmlPath}\n`);
    }
  } finally {
    progress.finish();
    await detector.dispose();
  }
}

/** Command line that reproduces the figures. */
function commandLine(flags: ChallengeFlags): string {
  const parts = [
    "callsign eval challenge",
    "--model",
    flags.model,
    "--clip",
    flags.clip,
    "--truth",
    flags.truth,
  ];
  if (flags.prime !== undefined) parts.push("--prime", flags.prime);
  if (flags.realtime) parts.push("--realtime");
  parts.push(...detectorArguments(flags));
  if (flags.untilSample !== undefined) parts.push("--until-sample", String(flags.untilSample));
  if (flags.fromSample !== undefined) parts.push("--from-sample", String(flags.fromSample));
  if (flags.lookAhead !== undefined) parts.push("--look-ahead", flags.lookAhead.join(","));
  return parts.join(" ");
}

/** Published figures are shown beside the result where they are of the same clip. */
function formatResult(result: ChallengeResult, published: PublishedFigures | undefined): string {
  const rows: [string, number | null, number | undefined][] = [
    ["challenge score", result.score, published?.score],
    ["accuracy", result.accuracy, published?.accuracy],
    ["precision (communication)", result.precision, published?.precision],
    ["recall (communication)", result.recall, published?.recall],
    ["precision (command)", result.commandPrecision, published?.commandPrecision],
    ["recall (command)", result.commandRecall, published?.commandRecall],
  ];
  const lines = published
    ? [
        `${"".padEnd(28)}${"this run".padStart(10)}${"published".padStart(12)}   (${published.samples.toLocaleString("en-US")} samples)`,
      ]
    : [];
  for (const [name, value, reference] of rows) {
    lines.push(
      `${name.padEnd(28)}${(value?.toFixed(5) ?? "none").padStart(10)}${reference?.toFixed(5).padStart(12) ?? ""}`,
    );
  }
  const { latencyMs, valid, slowSamples, maxOverrunMs } = result;
  if (latencyMs !== null) {
    lines.push(
      `${valid ? "valid" : "NOT VALID"}: labels p50 ${latencyMs.p50.toFixed(2)} ms, p99 ${latencyMs.p99.toFixed(2)} ms, slowest ${maxOverrunMs?.toFixed(2)} ms; ${slowSamples} samples 20 ms late or later`,
    );
  }
  return `${lines.join("\n")}\n`;
}
