import {
  createRandom,
  loopNoise,
  mixAtSnr,
  type NamedSamples,
  padWithRoomTone,
  type Random,
  reverberate,
  type Span,
  withinInt16,
} from "@callsign/data/internal";
import { CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { speechSpan, talkSpan } from "./speech-span.ts";

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

/** Content of a recording, which decides where its level is measured: over one utterance of a word, or over all speech. */
export type RecordingContent = "word" | "talk";

/** Seconds of room tone before and after every recording: the context a model needs, and time for a late detection. */
export const PADDING_SECONDS = { before: 2, after: 1 } as const;

/** A recording as the detector receives it. */
export interface StagedRecording {
  readonly samples: Float32Array;
  readonly content: RecordingContent;
  /** Duration of the recording without padding. */
  readonly seconds: number;
  /** Start and end of the speech, in milliseconds of the stream, found by energy before noise was added. */
  readonly speechStartMs: number;
  readonly speechEndMs: number;
  /** Speech-to-noise ratio at which noise was mixed, measured over the speech; undefined without noise. */
  readonly mixedSnrDb: number | undefined;
  /**
   * Ratio of the speech to all noise, including the recording's own, in dB; the recording's own is measured around the word.
   * Undefined if neither is known.
   */
  readonly snrDb: number | undefined;
  readonly noise: string | undefined;
  readonly room: string | undefined;
}

/**
 * Pads a recording with room tone, then applies a room and noise if given. Audio that exceeds full scale is scaled down as a
 * whole. The input is not changed.
 */
export function stageRecording(
  recording: Float32Array,
  options: { readonly name: string; readonly content: RecordingContent; readonly conditions: Conditions },
): StagedRecording {
  const { name, content, conditions } = options;
  const { noises = [], rooms = [], snrDb = [10] } = conditions;
  const random = createRandom(conditions.seed).fork("stage").fork(name);
  const speech = content === "word" ? speechSpan(recording) : talkSpan(recording);
  const before = PADDING_SECONDS.before * SAMPLE_RATE_HZ;
  const room = rooms.length === 0 ? undefined : random.fork("room").choice(rooms);
  const padded = padWithRoomTone(recording, {
    before,
    after: PADDING_SECONDS.after * SAMPLE_RATE_HZ,
    random: random.fork("tone"),
  });
  const wet = room === undefined ? padded : reverberate(padded, room.samples);
  const span = { start: before + speech.start, end: before + speech.end };
  const mixed = noises.length === 0 ? undefined : addNoise(wet, { noises, snrDb, span, random });
  return {
    samples: mixed?.samples ?? withinInt16(wet),
    content,
    seconds: recording.length / SAMPLE_RATE_HZ,
    speechStartMs: (span.start * 1000) / SAMPLE_RATE_HZ,
    speechEndMs: (span.end * 1000) / SAMPLE_RATE_HZ,
    mixedSnrDb: mixed?.snrDb,
    snrDb: ratioOverBoth(mixed?.snrDb, speech.snrDb),
    noise: mixed?.noise,
    room: room?.name,
  };
}

/** Ratio of speech to the sum of two noises, from its ratios to each. */
function ratioOverBoth(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return -10 * Math.log10(10 ** (-one / 10) + 10 ** (-other / 10));
}

interface AddNoiseOptions extends Required<Pick<Conditions, "noises" | "snrDb">> {
  readonly span: Span;
  readonly random: Random;
}

/**
 * Adds noise from a random offset of all noise recordings joined, so that long recordings are drawn more often than short ones.
 * Noise that is silent over the span is drawn again. @throws CallsignError `INVALID_ARGUMENT` if all draws are silent
 */
function addNoise(wet: Float32Array, { noises, snrDb, span, random }: AddNoiseOptions) {
  const ratio = random.fork("snr").choice(snrDb);
  const drawing = random.fork("noise");
  const lengths = noises.map(({ samples }) => samples.length);
  for (let draw = 0; draw < MAX_NOISE_DRAWS; draw++) {
    const { name, samples } = drawing.weightedChoice(noises, lengths);
    const offset = drawing.integer(0, Math.max(0, samples.length - 1));
    const mixed = mixAtSnr(wet, loopNoise(samples, { offset, length: wet.length }), { snrDb: ratio, span });
    if (mixed !== undefined) return { ...mixed, noise: name };
  }
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `noise: expected noise over the speech, got silence in ${MAX_NOISE_DRAWS} draws in a row; use noise recordings without long pauses`,
  );
}

const MAX_NOISE_DRAWS = 200;
