import type { Random } from "../random.ts";
import type { AugmentConfig } from "../config/augment-config.ts";
import type { AugmentResources, AugmentStep } from "./augment-step.ts";
import { colouredNoise } from "./dsp/coloured-noise.ts";
import { drawEqualizer, equalize } from "./dsp/equalizer.ts";
import { addBackground, drawBabble, drawLoudspeaker, drawRecording } from "./background.ts";
import { compress } from "./dsp/compressor.ts";
import { levelDb, magnitudeAt, peak, quantize, scaled } from "./dsp/level.ts";
import type { Span } from "./dsp/mix-noise.ts";
import { alignImpulseResponse, reverberate } from "./dsp/reverberate.ts";
import { drawRoom, roomImpulseResponse } from "./dsp/synthetic-room.ts";
import { telephone } from "./dsp/telephone.ts";

/** Options of `augmentChannel`. */
export interface AugmentChannelOptions {
  readonly config: Omit<
    AugmentConfig,
    "speed" | "timeScale" | "pitch" | "formants" | "speechAround" | "opus"
  >;
  readonly random: Random;
  readonly resources?: AugmentResources;
  /** Spans of phrases, over which signal-to-noise ratios hold. Default: all samples. */
  readonly spans?: readonly Span[];
}

/**
 * Simulates the path from the mouth to the recorded samples: room, equalizer, noise, babble, a loudspeaker in the room, automatic gain
 * control, level, circuit noise, clipping, telephone, in this order, then rounds to int16. Timing and length do not change.
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
  ["babble", addBabble],
  ["loudspeaker", addLoudspeaker],
  ["compressor", addCompression],
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

function addNoise(samples: Float32Array, options: StepOptions): StepResult {
  const { config, random, resources, spans } = options;
  const recordings = resources.noises ?? [];
  if (random.next() >= config.noise.probability || recordings.length === 0) return undefined;
  const draw = () => drawRecording(samples.length, { recordings, random });
  return addBackground(samples, { draw, snrDb: config.noise.snrDb, spans, random });
}

function addBabble(samples: Float32Array, options: StepOptions): StepResult {
  const { config, random, resources, spans } = options;
  const { talkers = [], makesPhrase } = resources;
  if (random.next() >= config.babble.probability || talkers.length === 0) return undefined;
  const people = random.integer(...config.babble.people);
  const draw = () =>
    drawBabble(samples.length, { people, talkers, random, ...(makesPhrase && { makesPhrase }) });
  return addBackground(samples, { draw, snrDb: config.babble.snrDb, spans, random });
}

function addLoudspeaker(samples: Float32Array, options: StepOptions): StepResult {
  const { config, random, resources, spans } = options;
  const { talkers = [], makesPhrase } = resources;
  if (random.next() >= config.loudspeaker.probability || talkers.length === 0) return undefined;
  const draw = () =>
    drawLoudspeaker(samples.length, { talkers, random, ...(makesPhrase && { makesPhrase }) });
  return addBackground(samples, { draw, snrDb: config.loudspeaker.snrDb, spans, random });
}

function addCompression(samples: Float32Array, { config: { compressor }, random }: StepOptions): StepResult {
  if (random.next() >= compressor.probability) return undefined;
  const belowPeakDb = random.uniform(...compressor.belowPeakDb);
  const ratio = random.uniform(...compressor.ratio);
  const attackSeconds = random.uniform(...compressor.attackSeconds);
  const releaseSeconds = random.uniform(...compressor.releaseSeconds);
  const loudest = peak(samples);
  if (loudest === 0) return undefined;
  const thresholdDb = levelDb(loudest) - belowPeakDb;
  return {
    samples: compress(samples, { thresholdDb, ratio, attackSeconds, releaseSeconds }),
    parameters: { belowPeakDb, ratio, attackSeconds, releaseSeconds },
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
