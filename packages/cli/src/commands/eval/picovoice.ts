import { basename, extname } from "node:path";

import type { PicovoiceFigures, PicovoiceMixParts, Recording } from "@callsign/eval/internal";
import type { Detector } from "@callsign/infer/internal";
import type { Command } from "commander";

import { type CliContext, printJson } from "../../context.ts";
import { addDetectorOptions, type DetectorFlags, MODEL_HELP, openDetector } from "../../flags/detector.ts";
import { parseNumber, parsePositive } from "../../flags/numbers.ts";
import { ProgressLine } from "../../output/progress.ts";
import { labelOf } from "./recording-options.ts";
import { percent } from "../../output/percent.ts";

interface PicovoiceFlags extends DetectorFlags {
  readonly model: string;
  readonly word: string;
  readonly keywords: string;
  readonly speech: string;
  readonly noise: string;
  readonly label?: string;
  readonly hours: number;
  readonly snr: number;
  readonly at: number;
  readonly seed: string;
  readonly json?: boolean;
}

/** Registers `callsign eval picovoice`: the procedure of a public wake word benchmark. */
export function registerEvalPicovoice(evaluate: Command, context: CliContext): void {
  const command = evaluate
    .command("picovoice")
    .description(
      "Measure misses by the procedure of Picovoice's wake-word-benchmark: a day of speech and noise with the word mixed in.",
    )
    .requiredOption("--model <dir>", MODEL_HELP)
    .requiredOption("--word <word>", "word to detect; speech whose transcript contains it is left out")
    .requiredOption("--keywords <dir>", "recordings of the word, one utterance a file")
    .requiredOption(
      "--speech <dir>",
      "other speech; transcripts are read from *.trans.txt files, as in LibriSpeech",
    )
    .requiredOption("--noise <dir>", "noise recordings, such as DEMAND's")
    .option("--label <label>", "label of the word; required if the model has several")
    .option("--hours <n>", "length of the mix in hours", parsePositive, 24)
    .option(
      "--snr <db>",
      "signal-to-noise ratio in dB, loudest frame of the word to loudest frame of the noise",
      parseNumber,
      10,
    )
    .option("--at <rate>", "false accepts per hour at which misses are reported", parsePositive, 0.1)
    .option("--seed <seed>", "random seed", "0")
    .addHelpText(
      "after",
      "\nExample:\n  callsign eval picovoice --model models/alexa --word alexa --keywords audio/alexa --speech LibriSpeech/test-clean --noise DEMAND",
    );
  addDetectorOptions(command)
    .option("--json", "print one JSON document and nothing else on stdout")
    .action((flags: PicovoiceFlags) => evalPicovoice(context, flags));
}

/** Figures for both choices of background speech. */
interface PicovoiceResult {
  readonly word: string;
  readonly label: string;
  readonly falseAcceptsPerHourAllowed: number;
  /** Speech recordings, with and without the word in their transcript. */
  readonly speech: { readonly recordings: number; readonly transcripts: number; readonly withWord: number };
  /** All speech kept: the published code means to leave out speech with the word but keeps it, as false accepts. */
  readonly asPublished: PicovoiceFigures;
  /** Speech with the word left out; equal to `asPublished` if no transcript contains it. */
  readonly repaired: PicovoiceFigures;
}

async function evalPicovoice(context: CliContext, flags: PicovoiceFlags): Promise<void> {
  const { findRecordings, readNoises, readTranscripts, saysWord } = await import("@callsign/eval/internal");
  const { signal } = context;
  const speech = await findRecordings([flags.speech]);
  const transcripts = await readTranscripts(flags.speech);
  const withoutWord = speech.filter(({ path }) => {
    const text = transcripts.get(basename(path, extname(path)));
    return text === undefined || !saysWord(text, flags.word);
  });
  const sources = {
    keywords: await findRecordings([flags.keywords]),
    noise: await readNoises(flags.noise, { seed: flags.seed, signal }),
  };
  const detector = await openDetector(context, [flags.model], flags);
  try {
    const label = await labelOf(detector, flags.label);
    const figures = (background: readonly Recording[]): Promise<PicovoiceFigures> =>
      figuresOf(context, detector, { flags, label, ...sources, speech: background });
    const asPublished = await figures(speech);
    const withWord = speech.length - withoutWord.length;
    const result: PicovoiceResult = {
      word: flags.word,
      label,
      falseAcceptsPerHourAllowed: flags.at,
      speech: { recordings: speech.length, transcripts: transcripts.size, withWord },
      asPublished,
      repaired: withWord === 0 ? asPublished : await figures(withoutWord),
    };
    if (flags.json) printJson(context, result);
    else context.stdout(formatResult(result));
  } finally {
    await detector.dispose();
  }
}

async function figuresOf(
  context: CliContext,
  detector: Detector,
  parts: {
    readonly flags: PicovoiceFlags;
    readonly label: string;
    readonly keywords: readonly Recording[];
    readonly speech: readonly Recording[];
    readonly noise: PicovoiceMixParts["noise"];
  },
): Promise<PicovoiceFigures> {
  const { picovoiceFigures, scorePicovoice } = await import("@callsign/eval/internal");
  const { readAudioFile } = await import("@callsign/audio/node/internal");
  const { flags, label, keywords, speech, noise } = parts;
  const { signal } = context;
  const decoded = new DecodedAudio();
  const readers = (recordings: readonly Recording[]) =>
    recordings.map(
      ({ path }) =>
        () =>
          decoded.read(path, async () => (await readAudioFile(path, { signal })).samples),
    );
  const progress = new ProgressLine(context);
  const { hours, snr: snrDb, seed } = flags;
  try {
    const { track, words } = await scorePicovoice(
      detector,
      { keywords: readers(keywords), speech: readers(speech), noise, hours, snrDb, seed },
      { label, signal, onProgress: (event) => progress.update(event) },
    );
    const { patience, refractorySeconds } = detector.card.decision;
    return picovoiceFigures(track, {
      words,
      decision: { patience, refractorySeconds },
      falseAcceptsPerHour: flags.at,
    });
  } finally {
    progress.finish();
  }
}

/** Cache of decoded recordings, since a day of audio repeats each of them many times; those that do not fit are decoded each time. */
class DecodedAudio {
  readonly #kept = new Map<string, Float32Array>();
  #bytes = 0;

  async read(path: string, decode: () => Promise<Float32Array>): Promise<Float32Array> {
    const known = this.#kept.get(path);
    if (known !== undefined) return known;
    const samples = await decode();
    if (this.#bytes + samples.byteLength <= MAX_DECODED_BYTES) {
      this.#kept.set(path, samples);
      this.#bytes += samples.byteLength;
    }
    return samples;
  }
}

/** 1 GiB: 4.6 hours. */
const MAX_DECODED_BYTES = 2 ** 30;

function formatResult({ asPublished, repaired, speech, ...result }: PicovoiceResult): string {
  const { recordings, transcripts, withWord } = speech;
  const line = (name: string, { events, raw, threshold }: PicovoiceFigures): string =>
    `${name.padEnd(34)}${percent(events.missRate).padStart(8)}  (${percent(events.interval.low)} to ${percent(events.interval.high)}), ` +
    `${events.falseAccepts} false accepts; by the benchmark's own count ${percent(raw.missRate)}; threshold ${threshold ?? "none is within the rate"}`;
  const transcriptNote =
    transcripts === 0
      ? `the ${recordings} speech recordings have no transcripts, so those with "${result.word}" could not be left out`
      : `${withWord} of ${recordings} speech recordings contain "${result.word}"`;
  return [
    `"${result.label}": ${asPublished.words} words in ${asPublished.hours.toFixed(2)} hours, missed at ${result.falseAcceptsPerHourAllowed} false accepts per hour`,
    line("as published, all speech kept", asPublished),
    line("repaired, speech with it left out", repaired),
    transcriptNote,
    "",
  ].join("\n");
}
