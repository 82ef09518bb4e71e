import type { Random } from "../random.ts";
import type { AugmentConfig } from "../config/augment-config.ts";
import type { AugmentResources, AugmentStep, NamedSamples } from "./augment-step.ts";
import { colouredNoise } from "./dsp/coloured-noise.ts";
import { drawEqualizer, equalize } from "./dsp/equalizer.ts";
import { magnitudeAt, peak, quantize, scaled } from "./dsp/level.ts";
import { addScaled, loopNoise, noiseRatios, type Span } from "./dsp/mix-noise.ts";
import { alignImpulseResponse, reverberate } from "./dsp/reverberate.ts";
import { drawRoom, roomImpulseResponse } from "./dsp/synthetic-room.ts";
import { telephone } from "./dsp/telephone.ts";

/** Options of `augmentChannel`. */
export interface AugmentChannelOptions {
  readonly config: Omit<AugmentConfig, "speed" | "timeScale" | "pitch" | "formants" | "speechAround">;
  readonly random: Random;
  readonly resources?: AugmentResources;
  /** Places of phrases, over each of which the noise has its ratio. Default: all samples. */
  readonly spans?: readonly Span[];
}

/**
 * Augments everything between mouth and sample: room, equalizer, background noise, gain, circuit noise, clipping,
 * telephone, in this order, then rounds to int16. Timing and length do not change.
 */
export function augmentChannel(
  samples: Float32Array,
  { config, random, resources = {}, spans = [{ start: 0, end: samples.length }] }: AugmentChannelOptions,
): { readonly samples: Float32Array; readonly parameters: AugmentStep[] } {
  let audio = samples;
  const parameters: AugmentStep[] = [];
  for (const [name, step] of STEPS) {
    const own = random.fork(name);
    const changed = step(audio, { config, random: own, resources, spans });
    if (changed === undefined) continue;
    audio = changed.samples;
    parameters.push({ step: name, ...changed.parameters });
  }
  return { samples: quantize(audio === samples ? samples.slice() : audio), parameters };
}

type Step = (
  samples: Float32Array,
  options: Required<AugmentChannelOptions>,
) => { readonly samples: Float32Array; readonly parameters: Omit<AugmentStep, "step"> } | undefined;

const STEPS: readonly (readonly [name: string, step: Step])[] = [
  ["room", addRoom],
  ["equalizer", addEqualizer],
  ["noise", addNoise],
  ["gain", setGain],
  ["coloured-noise", addColouredNoise],
  ["clipping", addClipping],
  ["telephone", addTelephone],
];

type StepResult = ReturnType<Step>;
type StepOptions = Required<AugmentChannelOptions>;

function addRoom(samples: Float32Array, { config: { room }, random, resources }: StepOptions): StepResult {
  if (random.next() >= room.probability) return undefined;
  const responses = resources.impulseResponses ?? [];
  const synthetic = random.next() < room.synthetic || responses.length === 0;
  if (!synthetic) {
    const response = random.choice(responses);
    const wet = reverberate(samples, alignImpulseResponse(response.samples));
    return { samples: wet, parameters: { response: response.name } };
  }
  const drawn = drawRoom(random, random.uniform(...room.reverberationSeconds));
  return {
    samples: reverberate(samples, roomImpulseResponse(drawn, random)),
    parameters: { room: { ...drawn } },
  };
}

function addEqualizer(samples: Float32Array, { config: { equalizer }, random }: StepOptions): StepResult {
  if (random.next() >= equalizer.probability) return undefined;
  const bands = drawEqualizer(random, equalizer);
  return { samples: equalize(samples, bands), parameters: { bands } };
}

/** Number of stretches to try before the step is skipped, since recordings have silent parts. */
const NOISE_DRAWS = 12;

/**
 * Adds a stretch of a noise at one gain, drawn from the gains that bring the ratio over every span into the range. Where no
 * stretch has such a gain (a narrow range, several spans), the one that misses the range by least is used. Stretches that
 * are silent over a span are refused.
 */
function addNoise(
  samples: Float32Array,
  { config: { noise }, random, resources, spans }: StepOptions,
): StepResult {
  const noises = resources.noises ?? [];
  if (random.next() >= noise.probability || noises.length === 0) return undefined;
  let best: DrawnNoise | undefined;
  for (let draw = 0; draw < NOISE_DRAWS && (best === undefined || best.missedByDb > 0); draw++) {
    const drawn = drawNoise(samples, { recording: random.choice(noises), snrDb: noise.snrDb, spans, random });
    if (drawn !== undefined && drawn.missedByDb < (best?.missedByDb ?? Infinity)) best = drawn;
  }
  if (best === undefined) return undefined;
  const { stretch, gainDb, ratios, recording, offset } = best;
  return {
    samples: addScaled(samples, stretch, gainDb),
    parameters: { recording, offset, snrDb: Math.min(...ratios) - gainDb },
  };
}

interface DrawnNoise {
  readonly recording: string;
  readonly offset: number;
  readonly stretch: Float32Array;
  /** Ratio over each span before the gain. */
  readonly ratios: readonly number[];
  readonly gainDb: number;
  /** Distance of the ratios from the range, 0 inside it. */
  readonly missedByDb: number;
}

interface DrawNoiseOptions {
  readonly recording: NamedSamples;
  readonly snrDb: readonly [number, number];
  readonly spans: readonly Span[];
  readonly random: Random;
}

function drawNoise(
  samples: Float32Array,
  { recording, snrDb: [low, high], spans, random }: DrawNoiseOptions,
): DrawnNoise | undefined {
  if (recording.samples.length === 0) return undefined;
  const room = Math.max(0, recording.samples.length - samples.length);
  const offset = random.integer(0, room > 0 ? room : recording.samples.length - 1);
  const stretch = loopNoise(recording.samples, { offset, length: samples.length });
  const ratios = noiseRatios(samples, stretch, spans);
  if (ratios === undefined) return undefined;
  const least = Math.max(...ratios) - high;
  const most = Math.min(...ratios) - low;
  const gainDb = least <= most ? random.uniform(least, most) : (least + most) / 2;
  return {
    recording: recording.name,
    offset,
    stretch,
    ratios,
    gainDb,
    missedByDb: Math.max(0, (least - most) / 2),
  };
}

function setGain(samples: Float32Array, { config: { gain }, random }: StepOptions): StepResult {
  if (random.next() >= gain.probability) return undefined;
  const peakDbfs = random.uniform(...gain.peakDbfs);
  const loudest = peak(samples);
  if (loudest === 0) return undefined;
  return { samples: scaled(samples, magnitudeAt(peakDbfs) / loudest), parameters: { peakDbfs } };
}

function addColouredNoise(
  samples: Float32Array,
  { config: { colouredNoise: noise }, random }: StepOptions,
): StepResult {
  if (random.next() >= noise.probability) return undefined;
  const exponent = random.uniform(...noise.exponent);
  const levelDbfs = random.uniform(...noise.levelDbfs);
  const hiss = colouredNoise(samples.length, { exponent, random });
  const level = magnitudeAt(levelDbfs);
  return {
    samples: samples.map((sample, i) => sample + level * hiss[i]!),
    parameters: { exponent, levelDbfs },
  };
}

function addClipping(samples: Float32Array, { config: { clipping }, random }: StepOptions): StepResult {
  if (random.next() >= clipping.probability) return undefined;
  const overDb = random.uniform(...clipping.overDb);
  const loudest = peak(samples);
  if (loudest === 0) return undefined;
  const driven = scaled(samples, magnitudeAt(overDb) / loudest);
  // Restores the level, since gain is another step.
  return { samples: scaled(quantize(driven), loudest / magnitudeAt(0)), parameters: { overDb } };
}

function addTelephone(
  samples: Float32Array,
  { config: { telephone: line }, random }: StepOptions,
): StepResult {
  if (random.next() >= line.probability) return undefined;
  const options = {
    lowHz: random.uniform(...line.lowHz),
    highHz: random.uniform(...line.highHz),
    muLaw: random.next() < line.muLaw,
    halfRate: random.next() < line.halfRate,
  };
  return { samples: telephone(samples, options), parameters: options };
}
