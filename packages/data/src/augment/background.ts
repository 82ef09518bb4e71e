import type { Random } from "../random.ts";
import type { AugmentResources, AugmentStep, NamedSamples } from "./augment-step.ts";
import { activeLevel, decibelsToGain, scaled } from "./dsp/level.ts";
import { butterworth, filter } from "./dsp/biquad.ts";
import { addScaled, loopNoise, noiseRatios, type Span } from "./dsp/mix-noise.ts";
import { reverberate } from "./dsp/reverberate.ts";
import { drawRoom, roomImpulseResponse } from "./dsp/synthetic-room.ts";
import { addAt } from "./place-phrase.ts";

/** Background sound as long as the speech it is added to, and its origin. */
export interface Background {
  readonly samples: Float32Array;
  readonly parameters: Omit<AugmentStep, "step">;
}

interface AddBackgroundOptions {
  /** Draws a background; undefined if the recording drawn is empty. */
  readonly draw: () => Background | undefined;
  readonly snrDb: readonly [number, number];
  readonly spans: readonly Span[];
  readonly random: Random;
}

/** Draws before the step is skipped, since recordings have silent parts. */
const MAX_DRAWS = 12;

/**
 * Adds a background with a gain drawn from those at which the signal-to-noise ratio over every span is within `snrDb`. If no
 * background drawn has such a gain (a narrow range, several spans), the one nearest to the range is used. Backgrounds that
 * are silent over a span are drawn again. @returns undefined if all drawn are silent
 */
export function addBackground(
  samples: Float32Array,
  { draw, snrDb, spans, random }: AddBackgroundOptions,
): Background | undefined {
  let best: (Background & Gain) | undefined;
  for (let i = 0; i < MAX_DRAWS && (best === undefined || best.missedByDb > 0); i++) {
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
  /** Lowest signal-to-noise ratio of the spans. */
  readonly snrDb: number;
  /** Largest distance of a span's ratio from the range, 0 inside it. */
  readonly missedByDb: number;
}

function drawGain(
  ratios: readonly number[],
  { snrDb: [low, high], random }: Pick<AddBackgroundOptions, "snrDb" | "random">,
): Gain {
  const lowest = Math.min(...ratios);
  const minGainDb = Math.max(...ratios) - high;
  const maxGainDb = lowest - low;
  const gainDb = minGainDb <= maxGainDb ? random.uniform(minGainDb, maxGainDb) : (minGainDb + maxGainDb) / 2;
  return { gainDb, snrDb: lowest - gainDb, missedByDb: Math.max(0, (minGainDb - maxGainDb) / 2) };
}

/** Part of a recording, from a random offset; the recording is repeated if it is too short. */
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

/** Several people who talk at once, each at a level within 4 dB of their mean. */
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

/** Talk from a small loudspeaker in a room, such as a television or a radio. */
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

/** Clips of talk one after another at the same level, starting within the first half of the first; joined, they say no phrase. */
function drawTalk(length: number, { talkers, random, makesPhrase = () => false }: TalkOptions): Float32Array {
  const samples = new Float32Array(length);
  const texts: (string | undefined)[] = [];
  let place: number | undefined;
  for (let turn = 0; turn < MAX_TURNS && (place ?? 0) < length; turn++) {
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

/** Limit of the clips in one background: about a minute of one-word clips. */
const MAX_TURNS = 100;
/** -30 dBFS; arbitrary, since the background is scaled to its ratio later. */
const TALK_LEVEL = 1000;
