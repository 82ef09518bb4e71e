import { AudioGate, CallsignError, type MutedSpan } from "@callsign/infer";
import type { Command } from "commander";
import { type CliContext, printJson } from "../context.ts";
import { parseDelay } from "../parse-delays.ts";
import { addDetectorOptions, openDetector, type OpenDetectorFlags } from "../open-detector.ts";

interface GateFlags extends OpenDetectorFlags {
  readonly out: string;
  readonly lookAhead: number;
  readonly costs?: { readonly missed: number; readonly needless: number };
  readonly json?: boolean;
}

/** `callsign gate`: a recording with its commands muted. */
export function registerGate(program: Command, context: CliContext): void {
  const command = program
    .command("gate")
    .description("Mute the commands in a recording, as the gate would in live speech.")
    .argument("<file>", "recording (wav, flac, mp3, ogg, opus; any rate)")
    .requiredOption("-o, --out <file>", "wav to write, 16 kHz mono")
    .addHelpText(
      "after",
      "\nExample:\n  callsign gate call.flac --out muted.wav --model models/galactic --look-ahead 100",
    );
  addDetectorOptions(command)
    .option(
      "--look-ahead <ms>",
      "mute from so long before the gate shuts; live, the audio would leave so much later",
      parseDelay,
      0,
    )
    .option(
      "--costs <missed:needless>",
      "shut where muting costs less, such as 18:1; instead of the card's thresholds",
      parseCosts,
    )
    .option("--json", "print one JSON document and nothing else on stdout")
    .action((file: string, flags: GateFlags) => gateFile(context, { file, flags }));
}

async function gateFile(
  context: CliContext,
  { file, flags }: { readonly file: string; readonly flags: GateFlags },
): Promise<void> {
  const { readAudioChunks, writeFileAtomic } = await import("@callsign/infer/node");
  const { costThreshold, joinFloats, SAMPLE_RATE_HZ, writeWav } = await import("@callsign/infer");
  const detector = await openDetector(context, flags);
  const parts: Float32Array[] = [];
  const spans: MutedSpan[] = [];
  try {
    const gate = new AudioGate(detector, {
      lookAheadSeconds: flags.lookAhead / 1000,
      ...(flags.costs && { thresholds: detector.card.labels.map(() => costThreshold(flags.costs!)) }),
    });
    const keep = (audio: Awaited<ReturnType<AudioGate["push"]>>): void => {
      parts.push(audio.samples);
      spans.push(...audio.spans);
    };
    for await (const chunk of readAudioChunks(file, {
      signal: context.signal,
      onNote: ({ message }) => context.stderr(`note: ${message}\n`),
    }))
      keep(await gate.push(chunk));
    keep(await gate.flush());
  } finally {
    await detector.dispose();
  }
  const samples = joinFloats(parts);
  await writeFileAtomic(flags.out, writeWav({ samples, sampleRateHz: SAMPLE_RATE_HZ }));
  const seconds = samples.length / SAMPLE_RATE_HZ;
  const mutedSeconds = spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0) / 1000;
  if (flags.json) return printJson(context, { file, out: flags.out, seconds, mutedSeconds, spans });
  for (const { startMs, endMs, label } of spans)
    context.stdout(`${(startMs / 1000).toFixed(3)} s to ${(endMs / 1000).toFixed(3)} s\t${label}\n`);
  context.stdout(`muted ${mutedSeconds.toFixed(1)} of ${seconds.toFixed(1)} s: ${flags.out}\n`);
}

function parseCosts(text: string): { missed: number; needless: number } {
  const [missed, needless, ...rest] = text.split(":").map(Number);
  if (rest.length === 0 && missed! > 0 && needless! > 0) return { missed: missed!, needless: needless! };
  throw new CallsignError("INVALID_ARGUMENT", `--costs: expected two numbers such as 18:1, got ${text}`);
}
