import { stat } from "node:fs/promises";

import {
  type AudioNote,
  CallsignError,
  joinFloats,
  SAMPLE_RATE_HZ,
  toInt16,
  writeWav,
} from "@callsign/audio/internal";
import type { MutedAudio, MutedSpan } from "@callsign/infer/internal";
import type { Command } from "commander";
import { collect } from "../flags/heads.ts";
import { addRawOptions, type RawFlags, readInput } from "../flags/audio-input.ts";
import { type CliContext, printJson } from "../context.ts";
import { parseCosts, parseDelay } from "../flags/numbers.ts";
import { addDetectorOptions, type DetectorFlags, MODEL_HELP, openDetector } from "../flags/detector.ts";

interface GateFlags extends DetectorFlags, RawFlags {
  readonly model: readonly string[];
  readonly out: string;
  readonly lookAhead: number;
  readonly costs?: ReturnType<typeof parseCosts>;
  readonly raw?: boolean;
  readonly json?: boolean;
}

/** Registers `callsign gate`: a recording with its commands muted. */
export function registerGate(program: Command, context: CliContext): void {
  const command = program
    .command("gate")
    .description("Write a recording with its commands muted, as they would be muted in live speech.")
    .argument("<file>", "recording or pipe; - is standard input")
    .requiredOption("--model <dir>", `${MODEL_HELP}; repeat it for several models`, collect)
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
      "delay the audio by 0 to 10000 ms and start each mute that much earlier",
      parseDelay,
      0,
    )
    .option(
      "--costs <missed:needless>",
      "cost of a missed command and of a needless mute, such as 18:1; sets the thresholds to minimize the expected cost",
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
  const { costThreshold, SpeechMuter } = await import("@callsign/infer/internal");
  const detector = await openDetector(context, flags.model, flags);
  const output = openOutput(context, flags);
  const spans: MutedSpan[] = [];
  let length = 0;
  try {
    const gate = new SpeechMuter(detector, {
      lookAheadSeconds: flags.lookAhead / 1000,
      ...(flags.costs && {
        thresholds: detector.cards.flatMap(({ labels }) => labels.map(() => costThreshold(flags.costs!))),
      }),
    });
    const keep = async ({ samples, spans: ended }: MutedAudio): Promise<void> => {
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
  // With --out - standard output carries the audio.
  const print = flags.out === "-" ? context.stderr : context.stdout;
  for (const { startMs, endMs, label } of spans)
    print(`${(startMs / 1000).toFixed(3)} s to ${(endMs / 1000).toFixed(3)} s\t${label}\n`);
  print(`muted ${mutedSeconds.toFixed(1)} of ${seconds.toFixed(1)} s: ${flags.out}\n`);
}

/** @throws CallsignError `INVALID_ARGUMENT` if the output would go to a terminal, mix with JSON or replace the input */
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
  write(samples: Float32Array): Promise<void>;
  finish(): Promise<void>;
}

/** Writes to standard output piece by piece, or to a file at the end. */
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
      const { writeFileAtomic } = await import("@callsign/infer/node/internal");
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

/** WAV header of unknown length: its length fields are 0xffffffff, as ffmpeg writes them into a pipe. */
function endlessWavHead(): Uint8Array {
  const head = writeWav({ samples: new Float32Array(0), sampleRateHz: SAMPLE_RATE_HZ });
  const view = new DataView(head.buffer);
  for (const at of [4, 40]) view.setUint32(at, 0xffff_ffff, true);
  return head;
}
