import { resample, toMagnitudes } from "@callsign/audio/internal";
import { EMBEDDING, type Frontend, type Matrix } from "@callsign/infer/internal";

import type { Random } from "../random.ts";
import { normalized, type WeightedSound } from "../text/phonetics/guess-sounds.ts";
import { drawUtterance, engineOf, type WeightedEngine } from "./draw-utterance.ts";
import { speechBounds } from "./quality/trim-silence.ts";

export interface NearestOptions {
  readonly word: string;
  readonly sounds: readonly WeightedSound[];
  /** Engines that take pronunciations. */
  readonly engines: readonly WeightedEngine[];
  /** Front-end with floor `window`. */
  readonly frontend: Pick<Frontend, "features">;
  readonly random: Random;
  /** Number of synthetic voices for each pronunciation. Default 6. */
  readonly voices?: number;
}

/**
 * Weights pronunciations of a word by their similarity to a recording of it: each is synthesized with the same few voices, and
 * the speech embeddings are compared with the recording's by dynamic time warping. The likeliest comes first.
 * @param recording int16 magnitudes at 16 kHz
 */
export async function nearestSounds(
  recording: Float32Array,
  { word, sounds, engines, frontend, random, voices = 6 }: NearestOptions,
): Promise<WeightedSound[]> {
  const said = await embedWord(recording, frontend);
  const distances = sounds.map(() => 0);
  for (let turn = 0; turn < voices; turn++) {
    const { voice } = drawUtterance(word, { random: random.fork(turn), engines });
    for (const [i, { sound }] of sounds.entries()) {
      const spoken = await engineOf(voice, engines).synthesize(word, voice, { sounds: { [word]: sound } });
      const samples = resample(toMagnitudes(spoken.samples), {
        fromHz: spoken.sampleRateHz,
        toHz: SAMPLE_RATE_HZ,
      });
      distances[i]! += warpedDistance(said, await embedWord(samples, frontend)) / voices;
    }
  }
  const least = Math.min(...distances);
  return normalized(
    sounds.map(({ sound, weight }, i) => ({
      sound,
      weight: weight ** PRIOR * Math.exp((least - distances[i]!) / SCALE),
    })),
  );
}

const SAMPLE_RATE_HZ = 16_000;
/** Distance that divides a pronunciation's weight by e; small, so that the recording counts far more than the prior weights. */
const SCALE = 0.01;
/** Exponent of the prior weights. */
const PRIOR = 0.5;

/** Embeddings of the word alone, padded with silence so that each of its parts is in several embeddings. */
async function embedWord(samples: Float32Array, frontend: Pick<Frontend, "features">): Promise<Matrix> {
  const { start, end } = speechBounds(samples, { sampleRateHz: SAMPLE_RATE_HZ }) ?? {
    start: 0,
    end: samples.length,
  };
  const padded = new Float32Array(end - start + 2 * PADDING);
  // Levels differ between microphones and voices.
  let peak = 1;
  for (let i = start; i < end; i++) peak = Math.max(peak, Math.abs(samples[i]!));
  for (let i = start; i < end; i++) padded[PADDING + i - start] = (samples[i]! * PEAK) / peak;
  return frontend.features(padded);
}

/** Samples of silence on each side; an embedding covers 12,400. */
const PADDING = 9600;
const PEAK = 16_000;

/** Mean cosine distance along the best alignment of two sequences of embeddings. */
function warpedDistance(a: Matrix, b: Matrix): number {
  const [first, second] = [unitRows(a), unitRows(b)];
  const width = second.length + 1;
  const cost = new Float64Array((first.length + 1) * width).fill(Infinity);
  cost[0] = 0;
  for (let i = 1; i <= first.length; i++)
    for (let j = 1; j < width; j++) {
      let dot = 0;
      for (let k = 0; k < EMBEDDING.dimension; k++) dot += first[i - 1]![k]! * second[j - 1]![k]!;
      const step = 1 - dot;
      // A diagonal step counts twice, so that all paths have the same weight (Sakoe and Chiba 1978, symmetric form).
      cost[i * width + j] = Math.min(
        cost[(i - 1) * width + j]! + step,
        cost[i * width + j - 1]! + step,
        cost[(i - 1) * width + j - 1]! + 2 * step,
      );
    }
  return cost.at(-1)! / (first.length + second.length);
}

function unitRows({ data, rows }: Matrix): Float32Array[] {
  return Array.from({ length: rows }, (_, row) => {
    const values = data.slice(row * EMBEDDING.dimension, (row + 1) * EMBEDDING.dimension);
    const norm = Math.hypot(...values) || 1;
    return values.map((value) => value / norm);
  });
}
