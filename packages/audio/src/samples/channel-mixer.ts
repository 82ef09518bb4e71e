/**
 * Mixes the channels of a recording to mono by their mean, block by block. If the second of two channels is the inverted first,
 * as with a miswired cable, their mean would be silence, and half their difference is used.
 */
export class ChannelMixer {
  readonly #onAntiphase: () => void;
  #isInverted = false;

  /** @param onAntiphase called when the channels begin to cancel each other */
  constructor(onAntiphase: () => void) {
    this.#onAntiphase = onAntiphase;
  }

  /** Mono samples of a block of channels in -1..1; a new array. */
  mix(channels: readonly Float32Array[]): Float32Array {
    const [first = new Float32Array(0), second] = channels;
    if (second === undefined) return first.slice();
    const mono = new Float32Array(first.length);
    const factor = 1 / channels.length;
    if (channels.length === 2) {
      const sign = this.#signOfSecond(first, second);
      for (let i = 0; i < mono.length; i++) mono[i] = (first[i]! + sign * second[i]!) * factor;
    } else
      for (let i = 0; i < mono.length; i++) {
        let sum = 0;
        for (const channel of channels) sum += channel[i]!;
        mono[i] = sum * factor;
      }
    return mono;
  }

  #signOfSecond(first: Float32Array, second: Float32Array): 1 | -1 {
    let ofFirst = 0;
    let ofSecond = 0;
    let product = 0;
    for (let i = 0; i < first.length; i++) {
      ofFirst += first[i]! ** 2;
      ofSecond += second[i]! ** 2;
      product += first[i]! * second[i]!;
    }
    const floor = first.length * LOUD ** 2;
    if (ofFirst > floor && ofSecond > floor) {
      const correlation = product / Math.sqrt(ofFirst * ofSecond);
      const isInverted = correlation < (this.#isInverted ? CORRELATION_AGAIN : CORRELATION_INVERTED);
      if (isInverted && !this.#isInverted) this.#onAntiphase();
      this.#isInverted = isInverted;
    }
    return this.#isInverted ? -1 : 1;
  }
}

/** Root mean square (-64 dB of full scale) below which the correlation is not evaluated. */
const LOUD = 20 / 32_768;

/** Correlation below which the second channel counts as inverted: the sum then loses at least 13 dB. */
const CORRELATION_INVERTED = -0.95;

/** Correlation above which it no longer does (hysteresis, so that quiet passages do not switch). */
const CORRELATION_AGAIN = -0.5;
