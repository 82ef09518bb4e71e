import { basename } from "node:path";

import { CallsignError, parseStrict } from "@callsign/infer";
import { readAudioChunks } from "@callsign/infer/node";
import * as z from "zod";

import {
  CLIP_SAMPLE_RATE_HZ,
  type ClipSource,
  watchDamage,
  type ReadClipsOptions,
  type SourceClip,
} from "./clip-source.ts";
import { FaultTally } from "./fault-tally.ts";
import { type AudioFile, findAudioFiles } from "./find-audio-files.ts";
import { recordingFields } from "./recording-fields.ts";

/** Config of a folder of background recordings without words, of any length: they are cut into segments. */
export const noiseConfig = z.strictObject({
  kind: z.literal("noise"),
  ...recordingFields,
  /** Label of every clip. */
  label: z.string().min(1).max(200).default("noise"),
  /** Longest clip; a longer recording gives several. Seconds. */
  segmentSeconds: z.number().min(0.1).max(600).default(10),
  /** A last segment shorter than this is dropped, unless it is the whole recording. Seconds. */
  minSeconds: z.number().min(0).max(600).default(1),
});

/**
 * Background recordings in a folder, in constant memory however long they are. The `speaker` is the recording, so its
 * segments never end up in two splits.
 */
export function createNoiseSource(input: z.input<typeof noiseConfig>): ClipSource {
  const config = parseStrict(noiseConfig, input, { name: "noise source", code: "CONFIG_INVALID" });
  const name = `noise ${config.path}`;
  return { name, clips: (options = {}) => readNoise(name, config, options) };
}

async function* readNoise(
  name: string,
  config: z.output<typeof noiseConfig>,
  { signal, onFault, onLeftOut }: ReadClipsOptions,
): AsyncGenerator<SourceClip> {
  const tally = new FaultTally(name, { mostShare: config.mostFaultShare, onFault });
  for (const file of await findAudioFiles(config.path)) {
    // Delegated, so that a reader who leaves early closes the file.
    yield* readRecording(file, { name, config, tally, signal, onLeftOut });
  }
  tally.finish();
}

async function* readRecording(
  file: AudioFile,
  { name, config, tally, signal, onLeftOut }: RecordingContext,
): AsyncGenerator<SourceClip> {
  const segments = cutIntoSegments(file, { ...config, signal, onLeftOut });
  try {
    for (let index = 0; ; index++) {
      if (signal?.aborted)
        throw new CallsignError("ABORTED", `${name}: reading was stopped at ${file.relativePath}`);
      // A recording broken in its middle has given good segments before it fails; they stand.
      const next = await tally.attempt(file.path, () => segments.next());
      if (next?.done === true) tally.countGood();
      if (next === undefined || next.done === true) return;
      yield describeSegment(file, { audio: next.value, index, config });
    }
  } finally {
    await segments.return(undefined);
  }
}

interface RecordingContext {
  readonly name: string;
  readonly config: z.output<typeof noiseConfig>;
  readonly tally: FaultTally;
  readonly signal: AbortSignal | undefined;
  readonly onLeftOut: ReadClipsOptions["onLeftOut"];
}

/** Segments of one recording. The last may be shorter; too short, it is dropped. @throws CallsignError AUDIO_EMPTY */
async function* cutIntoSegments(
  file: AudioFile,
  {
    segmentSeconds,
    minSeconds,
    signal,
    onLeftOut,
  }: z.output<typeof noiseConfig> & Pick<ReadClipsOptions, "signal" | "onLeftOut">,
): AsyncGenerator<Float32Array> {
  const chunkLength = Math.round(segmentSeconds * CLIP_SAMPLE_RATE_HZ);
  let count = 0;
  const damage = watchDamage({ onLeftOut });
  const chunks = readAudioChunks(file.path, {
    sampleRateHz: CLIP_SAMPLE_RATE_HZ,
    chunkLength,
    onNote: damage.onNote,
    ...(signal && { signal }),
  });
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    if (count > 0 && chunk.length < minSeconds * CLIP_SAMPLE_RATE_HZ) {
      const place = `${file.path}: the last ${(chunk.length / CLIP_SAMPLE_RATE_HZ).toFixed(2)} s`;
      onLeftOut?.({ reason: "too-short", place });
      continue;
    }
    count++;
    yield chunk;
  }
  if (count === 0) throw new CallsignError("AUDIO_EMPTY", `${file.path}: no samples in this recording`);
  damage.report();
}

function describeSegment(
  { relativePath }: AudioFile,
  { audio, index, config }: { audio: Float32Array; index: number; config: z.output<typeof noiseConfig> },
): SourceClip {
  const source = config.name ?? `noise/${basename(config.path)}`;
  return {
    id: `${relativePath}#${index}`,
    audio,
    label: config.label,
    speaker: `${source}/${relativePath}`,
    licence: config.licence,
    source,
    provenance: { file: relativePath, startSeconds: index * config.segmentSeconds },
  };
}
