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

/** What recordings are heard through. */
export interface Conditions {
  /** What is drawn for a recording depends on this and on its name alone. */
  readonly seed: string | number;
  /** Noise for the whole of every recording, its padding too. */
  readonly noises?: readonly NamedSamples[];
  /** Speech over noise; of several, each recording draws one. Default 10. */
  readonly snrDb?: readonly number[];
  /** Impulse responses, beginning at their direct sound. */
  readonly rooms?: readonly NamedSamples[];
}

/** Room tone before and after every recording, in seconds: what a model must have heard, and time for a late detection. */
export const PADDING_SECONDS = { before: 2, after: 1 } as const;

/** A recording as the detector hears it. */
export interface StagedRecording {
  readonly samples: Float32Array;
  /** Of the recording itself, without padding. */
  readonly seconds: number;
  /** Where the speech in it begins and ends, in milliseconds of the stream, by energy and before noise was added. */
  readonly speechStartMs: number;
  readonly speechEndMs: number;
  /** As mixed, or without noise as recorded. */
  readonly snrDb: number | undefined;
  readonly noise: string | undefined;
  readonly room: string | undefined;
}

/** Pads a recording with room tone, then sets it in a room and in noise where there are any. The input is left as it is. */
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
 * Pink noise on both sides, as loud as the recording's own quiet, so that it does not begin out of nothing: at least
 * -90 dBFS (a good microphone in a silent room), at most -60 dBFS where the recording has no quiet of its own.
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

/** One stretch of RMS 1, made when first needed, that every recording is given another part of. */
let roomTone: Float32Array | undefined;
const TONE_LENGTH = 60 * SAMPLE_RATE_HZ;

function cutNoise(
  noise: Float32Array,
  { length, random }: { readonly length: number; readonly random: Random },
): Float32Array {
  return loopNoise(noise, { offset: random.integer(0, Math.max(0, noise.length - 1)), length });
}
