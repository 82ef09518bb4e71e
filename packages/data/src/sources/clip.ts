import { basename } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import { readMagnitudeChunks } from "@callsign/audio/node/internal";
import * as z from "zod";

import {
  CLIP_SAMPLE_RATE_HZ,
  type ClipSource,
  type ReadClipsOptions,
  type SourceClip,
} from "./clip-source.ts";
import { recordingFields } from "./files/recording-fields.ts";
import { readTruth, type Truth } from "./truth.ts";

const { path, name, licence } = recordingFields;
const seconds = z.number().min(0).max(86_400);

/** Config of one long recording with labelled intervals. */
export const clipConfig = z.strictObject({
  kind: z.literal("clip"),
  path,
  name,
  licence,
  /** Truth file: JSON with the labelled intervals. */
  truth: z.string().min(1),
  /** Part of the recording to read, in seconds. */
  fromSeconds: seconds.default(0),
  toSeconds: seconds.exactOptional(),
  /** Label of an interval that has none of its own. */
  label: z.string().min(1).max(200),
  /** Label of the audio between the intervals. */
  otherLabel: z.string().min(1).max(200).default("other"),
  /** Longest clip cut from between the intervals. Seconds. */
  segmentSeconds: z.number().min(0.1).max(600).default(5),
  /** Audio before an interval that is added to its clip, if there is any. Seconds. */
  leadInSeconds: z.number().min(0).max(60).default(0),
});

type ClipConfig = z.output<typeof clipConfig>;

/**
 * Clips of one long recording: each labelled interval, and the audio between them cut into segments. An interval that
 * crosses an end of the part read is left out with its audio, since part of a command is neither the command nor something
 * else. All clips have one `speaker`, since the speakers are not known.
 */
export function createClipSource(input: z.input<typeof clipConfig>): ClipSource {
  const config = parseStrict(clipConfig, input, { name: "clip source", code: "CONFIG_INVALID" });
  const { fromSeconds, toSeconds = Infinity } = config;
  if (fromSeconds >= toSeconds)
    throw new CallsignError(
      "CONFIG_INVALID",
      `clip source: fromSeconds ${fromSeconds} must be below toSeconds ${toSeconds}`,
    );
  const sourceName = `clip ${config.path}`;
  return { name: sourceName, clips: (options = {}) => readClip(config, options) };
}

async function* readClip(config: ClipConfig, { signal }: ReadClipsOptions): AsyncGenerator<SourceClip> {
  const truth = await readTruth(config.truth);
  const { samples, from } = await readStretch(config, signal);
  const source = config.name ?? `clip/${basename(config.path)}`;
  for (const span of cutSpans(truth, { ...config, from, to: from + samples.length })) {
    if (signal?.aborted) throw new CallsignError("ABORTED", `clip ${config.path}: reading was stopped`);
    const { audioStart, start, end, label, text } = span;
    yield {
      id: `${basename(config.path)}#${start}-${end - 1}`,
      audio: samples.slice(audioStart - from, end - from),
      label,
      ...(text !== undefined && { text }),
      speaker: source,
      licence: config.licence,
      source,
      provenance: {
        file: basename(config.path),
        startSample: start,
        endSample: end - 1,
        leadIn: start - audioStart,
      },
    };
  }
}

/** Part of the recording, in samples at 16 kHz: `[start, end)`, its audio beginning at `audioStart`. */
interface Span {
  readonly audioStart: number;
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly text?: string;
}

function* cutSpans(truth: Truth, options: ClipConfig & { from: number; to: number }): Generator<Span> {
  const { from, to, label, otherLabel, segmentSeconds } = options;
  const leadIn = Math.round(options.leadInSeconds * CLIP_SAMPLE_RATE_HZ);
  const segmentLength = Math.round(segmentSeconds * CLIP_SAMPLE_RATE_HZ);
  const rescale = (index: number): number => Math.round((index * CLIP_SAMPLE_RATE_HZ) / truth.sampleRateHz);
  let position = from;
  const between = function* (end: number): Generator<Span> {
    for (; position < end; position += segmentLength) {
      const segmentEnd = Math.min(position + segmentLength, end);
      yield { audioStart: position, start: position, end: segmentEnd, label: otherLabel };
    }
  };
  for (const interval of truth.commands) {
    const start = rescale(interval.startSample);
    const end = rescale(interval.endSample + 1);
    if (end <= from) continue;
    yield* between(Math.min(start, to));
    position = end;
    if (start < from || end > to) continue;
    const { text } = interval;
    const audioStart = Math.max(from, start - leadIn);
    yield { audioStart, start, end, label: interval.label ?? label, ...(text !== undefined && { text }) };
  }
  yield* between(to);
}

/** The stretch of the recording the config names, at 16 kHz; reading ends where the stretch does. */
async function readStretch(
  config: ClipConfig,
  signal: AbortSignal | undefined,
): Promise<{ samples: Float32Array; from: number }> {
  const from = Math.round(config.fromSeconds * CLIP_SAMPLE_RATE_HZ);
  const to = Math.round((config.toSeconds ?? LONGEST_SECONDS) * CLIP_SAMPLE_RATE_HZ);
  const kept: Float32Array[] = [];
  let position = 0;
  const chunks = readMagnitudeChunks(config.path, {
    sampleRateHz: CLIP_SAMPLE_RATE_HZ,
    ...(signal && { signal }),
  });
  for await (const chunk of chunks) {
    const start = position;
    position += chunk.length;
    if (position > from) kept.push(chunk.slice(Math.max(0, from - start), Math.max(0, to - start)));
    if (position >= to) break;
  }
  if (position <= from) {
    const has = `the recording has ${(position / CLIP_SAMPLE_RATE_HZ).toFixed(2)} s`;
    throw new CallsignError(
      "AUDIO_TOO_SHORT",
      `${config.path}: ${has}, fromSeconds is ${config.fromSeconds}`,
    );
  }
  const samples = new Float32Array(kept.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const piece of kept) {
    samples.set(piece, offset);
    offset += piece.length;
  }
  return { samples, from };
}

/** Without `toSeconds`: as long as any recording Callsign reads at once. */
const LONGEST_SECONDS = 7200;
