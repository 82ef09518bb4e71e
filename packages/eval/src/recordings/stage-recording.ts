import {
  activeLevel,
  colouredNoise,
  createRandom,
  loopNoise,
  mixAtSnr,
  type NamedSamples,
  type Random,
  reverberate,
  scaled,
} from "@callsign/data/internal";
import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { frameLevels, quietLevel, speechSpan } from "./speech-span.ts";

/** Noise and rooms applied to recordings before they reach the detector. */
export interface Conditions {
  /** Draws for a recording depend only on this seed and the recording's name. */
  readonly seed: string | number;
  /** Noise added to every recording, padding included. */
  readonly noises?: readonly NamedSamples[];
  /** Speech-to-noise ratios in dB; each recording draws one. Default 10. */
  readonly snrDb?: readonly number[];
  /** Impulse responses that start at their direct sound. */
  readonly rooms?: readonly NamedSamples[];
}

/** Seconds of room tone before and after every recording: the context a model needs, and time for a late detection. */
export const PADDING_SECONDS = { before: 2, after: 1 } as const;

/** A recording as the detector receives it. */
export interface StagedRecording {
  readonly samples: Float32Array;
  /** Duration of the recording without padding. */
  readonly seconds: number;
  /** Start and end of the speech, in milliseconds of the stream, found by energy before noise was added. */
  readonly speechStartMs: number;
  readonly speechEndMs: number;
  /** Speech-to-noise ratio as mixed; without added noise, as recorded. */
  readonly snrDb: number | undefined;
  readonly noise: string | undefined;
  readonly room: string | undefined;
}

/** Pads a recording with room tone, then applies a room and noise if given. The input is not changed. */
export function stageRecording(
  recording: Float32Array,
  { name, conditions }: { readonly name: string; readonly conditions: Conditions },
): StagedRecording {
  const { noises = [], rooms = [], snrDb = [10] } = conditions;
  const random = createRandom(conditions.seed).fork("stage").fork(name);
  const span = speechSpan(recording);
  const before = PADDING_SECONDS.before * SAMPLE_RATE_HZ;
  const room = rooms.length === 0 ? undefined : random.fork("room").choice(rooms);
  const padded = padWithRoomTone(recording, random.fork("tone"));
  const wet = room === undefined ? padded : reverberate(padded, room.samples);
  const noise = noises.length === 0 ? undefined : random.fork("noise").choice(noises);
  const ratio = noise === undefined ? undefined : random.fork("snr").choice(snrDb);
  const samples =
    noise === undefined || ratio === undefined
      ? wet
      : mixAtSnr(wet, cutNoise(noise.samples, { length: wet.length, random: random.fork("cut") }), {
          snrDb: ratio,
          speechLevel: activeLevel(wet.subarray(before + span.start, before + span.end)),
        });
  return {
    samples,
    seconds: recording.length / SAMPLE_RATE_HZ,
    speechStartMs: ((before + span.start) * 1000) / SAMPLE_RATE_HZ,
    speechEndMs: ((before + span.end) * 1000) / SAMPLE_RATE_HZ,
    snrDb: ratio ?? span.snrDb,
    noise: noise?.name,
    room: room?.name,
  };
}

/**
 * Adds pink noise on both sides at the recording's own noise floor, so that the recording does not start abruptly: at
 * least -90 dBFS (a good microphone in a silent room), at most -60 dBFS if the recording has no quiet part.
 */
function padWithRoomTone(recording: Float32Array, random: Random): Float32Array {
  const before = PADDING_SECONDS.before * SAMPLE_RATE_HZ;
  const after = PADDING_SECONDS.after * SAMPLE_RATE_HZ;
  const level = Math.min(Math.max(quietLevel(frameLevels(recording)), 1), 32);
  const padded = new Float32Array(before + recording.length + after);
  roomTone ??= colouredNoise(TONE_LENGTH, { exponent: 1, random: createRandom("room tone") });
  const offset = random.integer(0, TONE_LENGTH - before - after);
  padded.set(scaled(roomTone.subarray(offset, offset + before), level));
  padded.set(recording, before);
  const tail = roomTone.subarray(offset + before, offset + before + after);
  padded.set(scaled(tail, level), before + recording.length);
  return padded;
}

/** Noise of RMS 1, computed on first use; every recording gets a different part. */
let roomTone: Float32Array | undefined;
const TONE_LENGTH = 60 * SAMPLE_RATE_HZ;

function cutNoise(
  noise: Float32Array,
  { length, random }: { readonly length: number; readonly random: Random },
): Float32Array {
  return loopNoise(noise, { offset: random.integer(0, Math.max(0, noise.length - 1)), length });
}
