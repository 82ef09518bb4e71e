import { stat } from "node:fs/promises";

import {
  AudioGate,
  type AudioNote,
  CallsignError,
  costThreshold,
  type GatedAudio,
  joinFloats,
  type MutedSpan,
  SAMPLE_RATE_HZ,
  toInt16,
  writeWav,
} from "@callsign/infer";
import type { Command } from "commander";
import { addRawOptions, type RawFlags, readInput } from "../audio-input.ts";
import { type CliContext, printJson } from "../context.ts";
import { parseDelay } from "../parse-delays.ts";
import { addDetectorOptions, openDetector, type OpenDetectorFlags } from "../open-detector.ts";

interface GateFlags extends OpenDetectorFlags, RawFlags {
  readonly out: string;
  readonly lookAhead: number;
  readonly costs?: { readonly missed: number; readonly needless: number };
  readonly raw?: boolean;
  readonly json?: boolean;
}

/** `callsign gate`: a recording with its commands muted. */
export function registerGate(program: Command, context: CliContext): void {
  const command = program
    .command("gate")
    .description("Mute the commands in a recording, as the gate would in live speech.")
    .argument("<file>", "recording (wav, flac, mp3, ogg, opus; any sample rate) or pipe; - is standard input")
    .requiredOption("-o, --out <file>", "WAV file to write, 16 kHz mono; - streams it to standard output")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  callsign gate call.flac --out muted.wav --model models/galactic --look-ahead 100\n" +
        "  arecord -q -t raw -f S16_LE -r 16000 | callsign gate - --rate 16000 --out - --raw --model models/galactic | aplay -t raw -f S16_LE -r 16000",
    );
  addRawOptions(addDetectorOptions(command))
    .option(
      "--look-ahead <ms>",
      "start muting this long before the gate closes, 0 to 10000 ms; live audio is delayed by as much",
      parseDelay,
      0,
    )
    .option(
      "--costs <missed:needless>",
      "cost of a missed command against a needless mute, such as 18:1, instead of the card's thresholds",
      parseCosts,
    )
    .option("--raw", "write s16le samples without a WAV header")
    .option("--json", "print one JSON document and nothing else on stdout")
    .action((file: string, flags: GateFlags) => gateFile(context, { file, flags }));
}

async function gateFile(
  context: CliContext,
  { file, flags }: { readonly file: string; readonly flags: GateFlags },
): Promise<void> {
  await checkOutput(context, { file, flags });
  const detector = await openDetector(context, flags);
  const output = openOutput(context, flags);
  const spans: MutedSpan[] = [];
  let length = 0;
  try {
    const gate = new AudioGate(detector, {
      lookAheadSeconds: flags.lookAhead / 1000,
      ...(flags.costs && { thresholds: detector.card.labels.map(() => costThreshold(flags.costs!)) }),
    });
    const keep = async ({ samples, spans: ended }: GatedAudio): Promise<void> => {
      length += samples.length;
      spans.push(...ended);
      await output.write(samples);
    };
    const onNote = ({ message }: AudioNote): void => context.stderr(`note: ${message}\n`);
    for await (const chunk of readInput(context, file, { raw: flags, onNote }))
      await keep(await gate.push(chunk));
    await keep(await gate.flush());
  } finally {
    await detector.dispose();
  }
  await output.finish();
  const seconds = length / SAMPLE_RATE_HZ;
  const mutedSeconds = spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0) / 1000;
  if (flags.json) return printJson(context, { file, out: flags.out, seconds, mutedSeconds, spans });
  // Standard output may be the audio's.
  const print = flags.out === "-" ? context.stderr : context.stdout;
  for (const { startMs, endMs, label } of spans)
    print(`${(startMs / 1000).toFixed(3)} s to ${(endMs / 1000).toFixed(3)} s\t${label}\n`);
  print(`muted ${mutedSeconds.toFixed(1)} of ${seconds.toFixed(1)} s: ${flags.out}\n`);
}

/** @throws CallsignError `INVALID_ARGUMENT` where the output would go to a terminal, into the JSON, or over the input */
async function checkOutput(
  { writeBytes }: CliContext,
  { file, flags }: { readonly file: string; readonly flags: GateFlags },
): Promise<void> {
  const { out, json } = flags;
  if (out === "-" && json)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "gate: --json and --out - would both write to standard output",
    );
  if (out === "-" && writeBytes === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "gate: --out -: standard output is a terminal; redirect it to a file or a pipe",
    );
  if (out === "-" || file === "-") return;
  const [from, to] = await Promise.all([file, out].map((path) => stat(path).catch(() => undefined)));
  if (from?.isFile() && to !== undefined && from.dev === to.dev && from.ino === to.ino)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `gate: --out ${out} is the recording itself; name another file`,
    );
}

interface GateOutput {
  /** Int16 magnitudes. */
  write(samples: Float32Array): Promise<void>;
  finish(): Promise<void>;
}

/** Standard output piece by piece, or a file in one step at the end. */
function openOutput({ writeBytes, signal }: CliContext, { out, raw }: GateFlags): GateOutput {
  if (out === "-") {
    let head = raw ? new Uint8Array(0) : endlessWavHead();
    return {
      async write(samples) {
        if (head.length > 0) await writeBytes!(head);
        head = new Uint8Array(0);
        if (samples.length > 0) await writeBytes!(bytesOf(samples));
      },
      finish: () => Promise.resolve(),
    };
  }
  const parts: Float32Array[] = [];
  return {
    async write(samples) {
      parts.push(samples);
    },
    async finish() {
      const { writeFileAtomic } = await import("@callsign/infer/node");
      const samples = joinFloats(parts);
      const bytes = raw ? bytesOf(samples) : writeWav({ samples, sampleRateHz: SAMPLE_RATE_HZ });
      await writeFileAtomic(out, bytes, { signal });
    },
  };
}

function bytesOf(samples: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  for (const [i, sample] of toInt16(samples).entries()) view.setInt16(2 * i, sample, true);
  return new Uint8Array(view.buffer);
}

/** The head of a WAV file whose length is not known yet: all ones, as ffmpeg writes into a pipe. */
function endlessWavHead(): Uint8Array {
  const head = writeWav({ samples: new Float32Array(0), sampleRateHz: SAMPLE_RATE_HZ });
  const view = new DataView(head.buffer);
  for (const at of [4, 40]) view.setUint32(at, 0xffff_ffff, true);
  return head;
}

function parseCosts(text: string): { missed: number; needless: number } {
  const [missed, needless, ...rest] = text.split(":").map(Number);
  if (rest.length === 0 && missed! > 0 && needless! > 0) return { missed: missed!, needless: needless! };
  throw new CallsignError("INVALID_ARGUMENT", `--costs: expected two numbers such as 18:1, got ${text}`);
}
