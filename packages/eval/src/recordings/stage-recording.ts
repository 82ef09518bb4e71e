import {
  createRandom,
  loopNoise,
  mixAtSnr,
  type NamedSamples,
  padWithRoomTone,
  type Random,
  reverberate,
  type Span,
} from "@callsign/data/internal";
import { CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { speechSpan } from "./speech-span.ts";

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
  const padded = padWithRoomTone(recording, {
    before,
    after: PADDING_SECONDS.after * SAMPLE_RATE_HZ,
    random: random.fork("tone"),
  });
  const wet = room === undefined ? padded : reverberate(padded, room.samples);
  const place = { start: before + span.start, end: before + span.end };
  const mixed = noises.length === 0 ? undefined : addNoise(wet, { noises, snrDb, span: place, random });
  const samples = mixed?.samples ?? wet;
  return {
    samples,
    seconds: recording.length / SAMPLE_RATE_HZ,
    speechStartMs: ((before + span.start) * 1000) / SAMPLE_RATE_HZ,
    speechEndMs: ((before + span.end) * 1000) / SAMPLE_RATE_HZ,
    snrDb: mixed?.snrDb ?? span.snrDb,
    noise: mixed?.noise,
    room: room?.name,
  };
}

interface AddNoiseOptions extends Required<Pick<Conditions, "noises" | "snrDb">> {
  readonly span: Span;
  readonly random: Random;
}

/** Adds a noise that is heard over the span. @throws CallsignError `INVALID_ARGUMENT` if none is */
function addNoise(wet: Float32Array, { noises, snrDb, span, random }: AddNoiseOptions) {
  const ratio = random.fork("snr").choice(snrDb);
  const drawing = random.fork("noise");
  for (let draw = 0; draw < NOISE_DRAWS; draw++) {
    const { name, samples } = drawing.choice(noises);
    const offset = drawing.integer(0, Math.max(0, samples.length - 1));
    const mixed = mixAtSnr(wet, loopNoise(samples, { offset, length: wet.length }), { snrDb: ratio, span });
    if (mixed !== undefined) return { ...mixed, noise: name };
  }
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `noise: expected recordings that are heard for a word's length, got ${NOISE_DRAWS} silent stretches in a row; give noise without long pauses`,
  );
}

const NOISE_DRAWS = 200;
