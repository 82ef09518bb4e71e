import type { Random } from "../random.ts";
import type { AugmentResources, AugmentStep, NamedSamples } from "./augment-step.ts";
import { activeLevel, decibelsToGain, scaled } from "./dsp/level.ts";
import { butterworth, filter } from "./dsp/biquad.ts";
import { addScaled, loopNoise, noiseRatios, type Span } from "./dsp/mix-noise.ts";
import { reverberate } from "./dsp/reverberate.ts";
import { drawRoom, roomImpulseResponse } from "./dsp/synthetic-room.ts";
import { addAt } from "./place-phrase.ts";

/** A stretch to lay under speech, of its length, and where it is from. */
export interface Background {
  readonly samples: Float32Array;
  readonly parameters: Omit<AugmentStep, "step">;
}

interface AddBackgroundOptions {
  /** Draws a stretch; undefined if there is none. */
  readonly draw: () => Background | undefined;
  readonly snrDb: readonly [number, number];
  readonly spans: readonly Span[];
  readonly random: Random;
}

/** Number of stretches to try before the step is skipped, since recordings have silent parts. */
const DRAWS = 12;

/**
 * Adds a background at one gain, drawn from the gains that bring the ratio over every span into the range. Where no stretch has
 * such a gain (a narrow range, several spans), the one that misses the range by least is used. Stretches that are silent
 * over a span are refused.
 */
export function addBackground(
  samples: Float32Array,
  { draw, snrDb, spans, random }: AddBackgroundOptions,
): Background | undefined {
  let best: (Background & Gain) | undefined;
  for (let i = 0; i < DRAWS && (best === undefined || best.missedByDb > 0); i++) {
    const drawn = draw();
    const ratios = drawn && noiseRatios(samples, drawn.samples, spans);
    if (ratios === undefined) continue;
    const gain = drawGain(ratios, { snrDb, random });
    if (gain.missedByDb < (best?.missedByDb ?? Infinity)) best = { ...drawn!, ...gain };
  }
  return (
    best && {
      samples: addScaled(samples, best.samples, best.gainDb),
      parameters: { ...best.parameters, snrDb: best.snrDb },
    }
  );
}

interface Gain {
  readonly gainDb: number;
  /** Lowest ratio of a span. */
  readonly snrDb: number;
  /** Distance of the ratios from the range, 0 inside it. */
  readonly missedByDb: number;
}

function drawGain(
  ratios: readonly number[],
  { snrDb: [low, high], random }: Pick<AddBackgroundOptions, "snrDb" | "random">,
): Gain {
  const lowest = Math.min(...ratios);
  const least = Math.max(...ratios) - high;
  const most = lowest - low;
  const gainDb = least <= most ? random.uniform(least, most) : (least + most) / 2;
  return { gainDb, snrDb: lowest - gainDb, missedByDb: Math.max(0, (least - most) / 2) };
}

/** A stretch of a recording, repeated if it is too short. */
export function drawRecording(
  length: number,
  { recordings, random }: { readonly recordings: readonly NamedSamples[]; readonly random: Random },
): Background | undefined {
  const recording = random.choice(recordings);
  if (recording.samples.length === 0) return undefined;
  const room = Math.max(0, recording.samples.length - length);
  const offset = random.integer(0, room > 0 ? room : recording.samples.length - 1);
  return {
    samples: loopNoise(recording.samples, { offset, length }),
    parameters: { recording: recording.name, offset },
  };
}

interface TalkOptions extends Pick<AugmentResources, "makesPhrase"> {
  readonly talkers: readonly NamedSamples[];
  readonly random: Random;
}

/** Several people who talk at once, at levels up to 4 dB apart from their mean. */
export function drawBabble(
  length: number,
  { people, ...options }: TalkOptions & { readonly people: number },
): Background {
  const samples = new Float32Array(length);
  for (let person = 0; person < people; person++) {
    const gain = decibelsToGain(options.random.uniform(-4, 4));
    addAt(samples, { samples: drawTalk(length, options), at: 0, gain });
  }
  return { samples, parameters: { people } };
}

/** One person's talk from a small loudspeaker in a room, as of a television or a radio. */
export function drawLoudspeaker(length: number, options: TalkOptions): Background {
  const { random } = options;
  // Speakers of a few centimetres begin at 150 to 350 Hz; what is broadcast or streamed ends at 4 to 7 kHz.
  const lowHz = random.uniform(150, 350);
  const highHz = random.uniform(4000, 7000);
  const played = filter(drawTalk(length, options), [
    ...butterworth("high-pass", { order: 2, frequencyHz: lowHz, sampleRateHz: 16_000 }),
    ...butterworth("low-pass", { order: 4, frequencyHz: highHz, sampleRateHz: 16_000 }),
  ]);
  const room = drawRoom(random, random.uniform(0.2, 0.6));
  return {
    samples: reverberate(played, roomImpulseResponse(room, random)),
    parameters: { lowHz, highHz, room: { ...room } },
  };
}

/** Clips of talk one after another, all at one level, from somewhere in the first; together they say no phrase. */
function drawTalk(length: number, { talkers, random, makesPhrase = () => false }: TalkOptions): Float32Array {
  const samples = new Float32Array(length);
  const texts: (string | undefined)[] = [];
  let place: number | undefined;
  for (let turn = 0; turn < TURNS && (place ?? 0) < length; turn++) {
    const clip = random.choice(talkers);
    const level = activeLevel(clip.samples);
    if (level === 0 || makesPhrase([...texts, clip.text])) continue;
    place ??= -random.integer(0, Math.floor(clip.samples.length / 2));
    addAt(samples, { samples: scaled(clip.samples, TALK_LEVEL / level), at: place });
    texts.push(clip.text);
    place += clip.samples.length + Math.round(random.uniform(0.05, 0.4) * 16_000);
  }
  return samples;
}

/** Bound of the clips in one stretch: a minute of one-word clips. */
const TURNS = 100;
/** -30 dBFS; the gain of the background follows from its ratio. */
const TALK_LEVEL = 1000;
