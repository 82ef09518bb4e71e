import { createRequire } from "node:module";
import { INT16_SCALE } from "@callsign/audio/internal";
import type Meyda from "meyda";

/** Measures of the quality check; recorded with each clip. Levels are relative to int16 full scale. */
export interface SpeechMeasures {
  readonly seconds: number;
  readonly rmsDb: number;
  readonly peakDb: number;
  /** Share of samples at full scale. */
  readonly clippedShare: number;
  /** Zero crossings per second (low in vowels): 10th percentile over active frames. */
  readonly zeroCrossingsHz: number;
  /** Flatness of the amplitude spectrum (0 for a tone, 0.85 for white noise): 10th percentile over active frames. */
  readonly spectralFlatness: number;
  /** Frequency below which 99 % of the amplitude lies, median over active frames. */
  readonly rolloffHz: number;
}

/** Measures a clip of 16 kHz speech, frame by frame (512 samples) with meyda; frames 30 dB below the loudest are not active. */
export function measureSpeech(samples: Float32Array): SpeechMeasures {
  const frames: Frame[] = [];
  for (let at = 0; at + FRAME_LENGTH <= samples.length; at += FRAME_LENGTH)
    frames.push(measureFrame(samples, at));
  const loudest = frames.reduce((most, frame) => Math.max(most, frame.rms), 0);
  const active = frames.filter((frame) => frame.rms > 0 && frame.rms >= loudest * 10 ** (-30 / 20));
  const at = (share: number, of: (frame: Frame) => number): number => quantile(active.map(of), share);
  let peak = 0;
  let power = 0;
  for (const sample of samples) {
    const magnitude = Math.abs(sample);
    if (magnitude > peak) peak = magnitude;
    power += sample * sample;
  }
  return {
    seconds: samples.length / SAMPLE_RATE_HZ,
    rmsDb: fullScaleDb(Math.sqrt(power / Math.max(1, samples.length))),
    peakDb: fullScaleDb(peak),
    clippedShare: clippedShare(samples),
    zeroCrossingsHz: at(0.1, (frame) => (frame.zcr * SAMPLE_RATE_HZ) / FRAME_LENGTH),
    spectralFlatness: at(0.1, (frame) => frame.spectralFlatness),
    rolloffHz: at(0.5, (frame) => frame.spectralRolloff),
  };
}

/** Share of samples at full scale. */
export function clippedShare(samples: Float32Array): number {
  let clipped = 0;
  for (const sample of samples) if (Math.abs(sample) >= INT16_SCALE - 1) clipped++;
  return clipped / Math.max(1, samples.length);
}

const SAMPLE_RATE_HZ = 16_000;
/** 32 ms: a power of two, as meyda wants, and two or more pitch periods of any voice. */
const FRAME_LENGTH = 512;

interface Frame {
  readonly rms: number;
  readonly zcr: number;
  readonly spectralFlatness: number;
  readonly spectralRolloff: number;
}

function measureFrame(samples: Float32Array, at: number): Frame {
  const frame = samples.subarray(at, at + FRAME_LENGTH).map((sample) => sample / INT16_SCALE);
  meyda.bufferSize = FRAME_LENGTH;
  meyda.sampleRate = SAMPLE_RATE_HZ;
  meyda.windowingFunction = "hanning";
  const features = meyda.extract(["rms", "zcr", "spectralFlatness", "spectralRolloff"], frame);
  const { rms = 0, zcr = 0, spectralFlatness = 0, spectralRolloff = 0 } = features ?? {};
  return { rms, zcr, spectralFlatness, spectralRolloff };
}

// meyda is CommonJS with its parts as properties, which an ESM import does not see alike in Node and in bundlers.
const meyda: typeof Meyda.default = createRequire(import.meta.url)("meyda");

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}

const fullScaleDb = (magnitude: number): number =>
  magnitude > 0 ? Math.max(LOWEST_DB, 20 * Math.log10(magnitude / INT16_SCALE)) : LOWEST_DB;

/** Silence, as a number that JSON has. */
const LOWEST_DB = -120;
