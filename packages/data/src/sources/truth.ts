import { readFile } from "node:fs/promises";

import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

const sampleIndex = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const interval = z.object({
  startSample: sampleIndex,
  /** Inclusive. */
  endSample: sampleIndex,
  text: z.string().max(10_000).exactOptional(),
  label: z.string().min(1).max(200).exactOptional(),
});

// Not strict: truth files come from others and carry fields of their own, such as the challenge's frame length.
const schema = z.object({
  sampleRateHz: z.int().min(1).max(1_000_000),
  numSamples: sampleIndex.exactOptional(),
  commands: z.array(interval).max(100_000),
});

/** Where something was said in a recording: `[startSample, endSample]`, both inclusive, counted at `sampleRateHz`. */
export type TruthInterval = z.output<typeof interval>;

/** The labelled intervals of one long recording, in order, apart from each other. */
export interface Truth {
  readonly sampleRateHz: number;
  readonly intervals: readonly TruthInterval[];
}

/**
 * Reads a truth file: JSON `{ sampleRateHz, numSamples?, commands: [{ startSample, endSample, text?, label? }] }`, the
 * shape of the voice-processing challenge's. @throws CallsignError TRUTH_INVALID, FILE_NOT_FOUND
 */
export async function readTruth(path: string): Promise<Truth> {
  const {
    sampleRateHz,
    numSamples = Infinity,
    commands,
  } = parseStrict(schema, await readJson(path), {
    name: path,
    code: "TRUTH_INVALID",
  });
  const intervals = commands.toSorted((a, b) => a.startSample - b.startSample);
  for (const [i, { startSample, endSample }] of intervals.entries()) {
    const named = `${path}: interval ${startSample}..${endSample}`;
    if (endSample < startSample) throw invalid(`${named}: expected startSample <= endSample`);
    if (endSample >= numSamples)
      throw invalid(`${named}: reaches beyond the recording's ${numSamples} samples`);
    const last = intervals[i - 1];
    if (last && last.endSample >= startSample)
      throw invalid(`${named}: overlaps the one before it, ${last.startSample}..${last.endSample}`);
  }
  return { sampleRateHz, intervals };
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read the truth file: ${reason}`, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CallsignError(
      "TRUTH_INVALID",
      `${path}: not JSON: ${cause instanceof Error ? cause.message : ""}`,
      { cause },
    );
  }
}

const invalid = (message: string): CallsignError => new CallsignError("TRUTH_INVALID", message);
