import { CallsignError } from "../errors.ts";
import { type SincBank, sincBank } from "./sinc-bank.ts";

export interface ResampleOptions {
  /** Positive integers, neither more than 256 times the other. */
  readonly fromHz: number;
  readonly toHz: number;
}

/**
 * Converts a whole signal to another sample rate. Returns a new array of `ceil(length * toHz / fromHz)` samples, where sample
 * `j` is at time `j / toHz` of the input (no delay). The signal is padded with silence.
 * Polyphase Kaiser-windowed sinc: flat to 0.76 of the lower Nyquist frequency, below -120 dB from that frequency on.
 * @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED`
 */
export function resample(samples: Float32Array, options: ResampleOptions): Float32Array {
  const resampler = new Resampler(options);
  const body = resampler.push(samples);
  const tail = resampler.flush();
  const all = new Float32Array(body.length + tail.length);
  all.set(body);
  all.set(tail, body.length);
  return all;
}

/**
 * Converts a stream to another sample rate. The concatenated results of `push` and `flush` equal `resample` of the whole signal
 * for any division into chunks. An output is delayed until the 36 inputs after it are known (at the lower rate).
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #bank: SincBank | undefined;
  /** Input still needed, starting at the first tap of the next output sample. */
  #pending: Float64Array;
  #phase = 0;
  #received = 0;
  #produced = 0;

  /** @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED` */
  constructor(options: ResampleOptions) {
    checkRates(options);
    const divisor = greatestCommonDivisor(options.fromHz, options.toHz);
    this.#up = options.toHz / divisor;
    this.#down = options.fromHz / divisor;
    if (this.#up !== this.#down) this.#bank = sincBank(this.#up, this.#down);
    this.#pending = this.#silenceBefore();
  }

  /** Returns the outputs completed by the next samples, a new array. */
  push(chunk: Float32Array): Float32Array {
    if (this.#bank === undefined) return chunk.slice();
    this.#received += chunk.length;
    return this.#produce(chunk, this.#bank);
  }

  /** Ends the stream, returns the remaining outputs and resets the resampler. */
  flush(): Float32Array {
    if (this.#bank === undefined) return new Float32Array(0);
    const total = Math.ceil((this.#received * this.#up) / this.#down);
    const missing = total - this.#produced;
    const rest = this.#produce(new Float32Array(this.#bank.width), this.#bank).slice(0, missing);
    this.#pending = this.#silenceBefore();
    this.#phase = this.#received = this.#produced = 0;
    return rest;
  }

  #silenceBefore(): Float64Array {
    return new Float64Array(this.#bank === undefined ? 0 : this.#bank.width / 2 - 1);
  }

  #produce(chunk: Float32Array, bank: SincBank): Float32Array {
    // Doubles, like the taps: each sample is used many times but converted once.
    const input = new Float64Array(this.#pending.length + chunk.length);
    input.set(this.#pending);
    input.set(chunk, this.#pending.length);
    const output = new Float32Array(this.#countOutputs(input.length - bank.width));
    const { width, taps } = bank;
    const wholeStep = Math.floor(this.#down / this.#up);
    const phaseStep = this.#down % this.#up;
    let start = 0;
    let phase = this.#phase;
    for (let j = 0; j < output.length; j++) {
      const row = bank.rowOffset(phase);
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      // Four independent sums, which the processor adds in parallel.
      for (let k = 0; k < width; k += 4) {
        a += taps[row + k]! * input[start + k]!;
        b += taps[row + k + 1]! * input[start + k + 1]!;
        c += taps[row + k + 2]! * input[start + k + 2]!;
        d += taps[row + k + 3]! * input[start + k + 3]!;
      }
      output[j] = a + b + (c + d);
      start += wholeStep;
      phase += phaseStep;
      if (phase >= this.#up) {
        phase -= this.#up;
        start += 1;
      }
    }
    this.#pending = input.slice(start);
    this.#phase = phase;
    this.#produced += output.length;
    return output;
  }

  /** Number of outputs whose first tap is at or before input `last`. */
  #countOutputs(last: number): number {
    if (last < 0) return 0;
    return Math.floor(((last + 1) * this.#up - this.#phase - 1) / this.#down) + 1;
  }
}

/** Largest ratio of rates, which bounds the size of the filter: 62.5 Hz to 4 MHz for 16 kHz. */
const MAX_RATIO = 256;

function checkRates({ fromHz, toHz }: ResampleOptions): void {
  for (const [option, rate] of [
    ["fromHz", fromHz],
    ["toHz", toHz],
  ] as const) {
    if (!Number.isSafeInteger(rate) || rate < 1)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `resampler: expected ${option} to be a positive integer, got ${rate}`,
      );
  }
  if (Math.max(fromHz / toHz, toHz / fromHz) > MAX_RATIO)
    throw new CallsignError(
      "AUDIO_UNSUPPORTED",
      `resampler: ${fromHz} Hz to ${toHz} Hz: one rate may be at most ${MAX_RATIO} times the other`,
    );
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
