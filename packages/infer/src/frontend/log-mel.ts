import { checkFinite, CallsignError } from "@callsign/audio/internal";
import type { Matrix } from "../runtime/matrix.ts";

/**
 * Parameters of the log-mel, equal to those of openWakeWord's graph for Google's speech embedding: torchlibrosa's log-mel of
 * 16 kHz audio (Slaney mel scale, area-normalised filters) followed by x / 10 + 2.
 */
export const LOG_MEL = {
  sampleRateHz: 16_000,
  /** Length of the periodic Hann window, centred in the transform. */
  windowLength: 400,
  fftLength: 512,
  hopLength: 160,
  melBins: 32,
  minHz: 60,
  maxHz: 3800,
  /** Lowest power, -100 dB. */
  minPower: 1e-10,
  /** Clamp: values more than this below the maximum are raised to it. */
  rangeDb: 80,
  /** With floor `chunk`, a chunk of this many samples and the `contextLength` samples before it give `chunkFrames` frames. */
  chunkLength: 1280,
  contextLength: 480,
  chunkFrames: 8,
} as const;

/**
 * Scope of the 80 dB clamp. `window`: all the samples given. `chunk`: each 1,280-sample chunk with its context, so that a clip
 * gives exactly the values of a stream.
 */
export type LogMelFloor = "window" | "chunk";

export interface LogMelOptions {
  readonly floor: LogMelFloor;
  /** The 480 samples before the audio, for floor `chunk` only. Default zeros, the start of a stream. */
  readonly context?: Float32Array | undefined;
}

/** Number of frames of `sampleCount` samples, 0 if there are too few. With floor `chunk`, context not counted, whole chunks only. */
export function logMelFrameCount(sampleCount: number, floor: LogMelFloor = "window"): number {
  const { fftLength, hopLength, chunkLength, chunkFrames } = LOG_MEL;
  if (floor === "chunk") return Math.floor(sampleCount / chunkLength) * chunkFrames;
  return sampleCount < fftLength ? 0 : Math.floor((sampleCount - fftLength) / hopLength) + 1;
}

/**
 * Log-mel in float64: the slow reference that the graph of `buildLogMelModel` is tested against.
 * @param samples int16 magnitudes, 16 kHz
 * @returns `[frames, 32]`
 * @throws CallsignError `AUDIO_TOO_SHORT`
 */
export function logMel(samples: Float32Array, options: LogMelOptions): Matrix {
  const input = logMelInput(samples, options);
  const { hopLength, fftLength, melBins, chunkFrames } = LOG_MEL;
  const rows = logMelFrameCount(input.length);
  const filters = melFilters();
  const data = new Float32Array(rows * melBins);
  for (let row = 0; row < rows; row++) {
    const power = powerSpectrum(input.subarray(row * hopLength, row * hopLength + fftLength));
    data.set(
      filters.map((filter) => toOutput(dot(filter, power))),
      row * melBins,
    );
  }
  const group = (options.floor === "window" ? rows : chunkFrames) * melBins;
  for (let start = 0; start < data.length; start += group) raiseToFloor(data.subarray(start, start + group));
  return { data, rows, columns: melBins };
}

/**
 * Samples that the frames are computed from: `samples` itself, or with floor `chunk` a copy of context and whole chunks.
 * @throws CallsignError `AUDIO_TOO_SHORT`, `AUDIO_NOT_FINITE`, `INVALID_ARGUMENT` for a context of another length
 */
export function logMelInput(samples: Float32Array, options: LogMelOptions): Float32Array {
  const { fftLength, chunkLength, contextLength } = LOG_MEL;
  const { floor, context } = options;
  const minimum = floor === "window" ? fftLength : chunkLength;
  if (samples.length < minimum) {
    throw new CallsignError(
      "AUDIO_TOO_SHORT",
      `log-mel with floor '${floor}': expected at least ${minimum} samples at 16 kHz, got ${samples.length}; give it longer audio or pad it`,
    );
  }
  if (context !== undefined && (floor === "window" || context.length !== contextLength)) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `log-mel with floor '${floor}': expected ${floor === "window" ? "no context" : `a context of ${contextLength} samples`}, got ${context.length}`,
    );
  }
  checkFinite(samples, { name: "log-mel" });
  if (floor === "window") return samples;
  const used = Math.floor(samples.length / chunkLength) * chunkLength;
  const input = new Float32Array(contextLength + used);
  if (context) input.set(context);
  input.set(samples.subarray(0, used), contextLength);
  return input;
}

/** Cosine and sine of multiples of 1/512 turn, the angles of the transform. */
export const COS = Float64Array.from({ length: LOG_MEL.fftLength }, (_, i) =>
  Math.cos((2 * Math.PI * i) / LOG_MEL.fftLength),
);
export const SIN = Float64Array.from({ length: LOG_MEL.fftLength }, (_, i) =>
  Math.sin((2 * Math.PI * i) / LOG_MEL.fftLength),
);

/** Periodic Hann window of 400 samples; its sum is 200. */
export function hannWindow(): Float64Array {
  const length = LOG_MEL.windowLength;
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
}

/**
 * The 32 triangular mel filters over the bins 0..256 of the transform, each of area 1 over frequency in Hz (librosa's
 * `norm="slaney"`), with corners evenly spaced on Slaney's mel scale.
 */
export function melFilters(): Float64Array[] {
  const { sampleRateHz, fftLength, melBins, minHz, maxHz } = LOG_MEL;
  const low = hzToMel(minHz);
  const step = (hzToMel(maxHz) - low) / (melBins + 1);
  const corner = (i: number): number => melToHz(low + i * step);
  return Array.from({ length: melBins }, (_, i) => {
    const [left, centre, right] = [corner(i), corner(i + 1), corner(i + 2)];
    return Float64Array.from({ length: fftLength / 2 + 1 }, (_unused, bin) => {
      const hz = (bin * sampleRateHz) / fftLength;
      const height = Math.min((hz - left) / (centre - left), (right - hz) / (right - centre));
      return (Math.max(0, height) * 2) / (right - left);
    });
  });
}

/** Power of the bins 0..256 of one frame of 512 samples. */
export function powerSpectrum(frame: Float32Array): Float64Array {
  const { fftLength, windowLength } = LOG_MEL;
  const start = (fftLength - windowLength) / 2;
  const windowed = HANN.map((weight, i) => weight * frame[start + i]!);
  const power = new Float64Array(fftLength / 2 + 1);
  for (let bin = 0; bin < power.length; bin++) {
    let real = 0;
    let imaginary = 0;
    // The transform's length is a power of two: the remainder is a mask.
    let angle = (bin * start) & (fftLength - 1);
    for (let i = 0; i < windowLength; i++) {
      real += windowed[i]! * COS[angle]!;
      imaginary -= windowed[i]! * SIN[angle]!;
      angle = (angle + bin) & (fftLength - 1);
    }
    power[bin] = real * real + imaginary * imaginary;
  }
  return power;
}

const HANN = hannWindow();

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** dB / 10 + 2 */
const toOutput = (power: number): number => Math.log10(Math.max(power, LOG_MEL.minPower)) + 2;

function raiseToFloor(values: Float32Array): void {
  const floor = values.reduce((a, b) => Math.max(a, b), -Infinity) - LOG_MEL.rangeDb / 10;
  values.forEach((value, i) => {
    values[i] = Math.max(value, floor);
  });
}

/** Slaney's scale (Auditory Toolbox): linear to 1 kHz at 15 mels, from there 27 mels for each factor of 6.4. */
const KNEE_HZ = 1000;
const KNEE_MEL = 15;
const LOG_STEP = Math.log(6.4) / 27;

const hzToMel = (hz: number): number =>
  hz < KNEE_HZ ? (hz * KNEE_MEL) / KNEE_HZ : KNEE_MEL + Math.log(hz / KNEE_HZ) / LOG_STEP;

const melToHz = (mel: number): number =>
  mel < KNEE_MEL ? (mel * KNEE_HZ) / KNEE_MEL : KNEE_HZ * Math.exp((mel - KNEE_MEL) * LOG_STEP);
