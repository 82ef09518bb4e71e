import { basename } from "node:path";

import { CallsignError, parseStrict } from "@callsign/infer";
import { readAudioFile } from "@callsign/infer/node";
import * as z from "zod";

import {
  CLIP_SAMPLE_RATE_HZ,
  type ClipSource,
  watchDamage,
  type ReadClipsOptions,
  type SourceClip,
} from "./clip-source.ts";
import { FaultTally } from "./fault-tally.ts";
import { findAudioFiles } from "./find-audio-files.ts";
import { recordingFields } from "./recording-fields.ts";

/** Config of a folder of room impulse responses, one a file. */
export const impulseResponsesConfig = z.strictObject({
  kind: z.literal("impulse-responses"),
  ...recordingFields,
  /** What follows is cut off. Seconds after the direct sound. */
  maxSeconds: z.number().min(0.01).max(30).default(2),
});

/**
 * Room impulse responses in a folder. Each begins at its direct sound, so that convolving with it does not delay the
 * speech; its level is left as recorded.
 */
export function createImpulseResponseSource(input: z.input<typeof impulseResponsesConfig>): ClipSource {
  const options = { name: "impulse-responses source", code: "CONFIG_INVALID" } as const;
  const config = parseStrict(impulseResponsesConfig, input, options);
  const name = `impulse responses ${config.path}`;
  return { name, clips: (read = {}) => readResponses(name, config, read) };
}

async function* readResponses(
  name: string,
  config: z.output<typeof impulseResponsesConfig>,
  { signal, onFault, onLeftOut }: ReadClipsOptions,
): AsyncGenerator<SourceClip> {
  const tally = new FaultTally(name, { mostShare: config.mostFaultShare, onFault });
  const source = config.name ?? `impulse-responses/${basename(config.path)}`;
  for (const { path, relativePath } of await findAudioFiles(config.path)) {
    if (signal?.aborted)
      throw new CallsignError("ABORTED", `${name}: reading was stopped at ${relativePath}`);
    const damage = watchDamage({ onLeftOut });
    const audio = await tally.attempt(path, async () => {
      const { samples } = await readAudioFile(path, {
        sampleRateHz: CLIP_SAMPLE_RATE_HZ,
        maxSeconds: LONGEST_SECONDS,
        onNote: damage.onNote,
      });
      return fromDirectSound(samples, { path, maxSeconds: config.maxSeconds });
    });
    if (audio === undefined) continue;
    tally.countGood();
    damage.report();
    const { licence } = config;
    yield {
      id: relativePath,
      audio,
      label: "impulse-response",
      licence,
      source,
      provenance: { file: relativePath },
    };
  }
  tally.finish();
}

/** No room rings for a minute: a longer file is something else. */
const LONGEST_SECONDS = 60;

/** Where the direct sound begins: the first sample within 20 dB of the peak (ISO 3382-1, 5.3.2). */
const ONSET_BELOW_PEAK = 0.1;

function fromDirectSound(
  samples: Float32Array,
  { path, maxSeconds }: { readonly path: string; readonly maxSeconds: number },
): Float32Array {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  if (peak === 0)
    throw new CallsignError("AUDIO_EMPTY", `${path}: expected an impulse response, got silence`);
  const onset = samples.findIndex((sample) => Math.abs(sample) >= peak * ONSET_BELOW_PEAK);
  return samples.slice(onset, onset + Math.round(maxSeconds * CLIP_SAMPLE_RATE_HZ));
}
