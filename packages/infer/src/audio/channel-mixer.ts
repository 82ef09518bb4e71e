/**
 * Mixes the channels of one recording to mono by their mean, block by block. Where the second of two channels is the
 * first one inverted, as a wrongly wired cable makes it, their mean is silence; half their difference is used there.
 */
export class ChannelMixer {
  readonly #onAntiphase: () => void;
  #isInverted = false;

  /** `onAntiphase` is called when the channels begin to cancel each other out. */
  constructor(onAntiphase: () => void) {
    this.#onAntiphase = onAntiphase;
  }

  /** Mono samples of a block, times `scale`; a new array. */
  mix(channels: readonly Float32Array[], { scale = 1 }: { readonly scale?: number } = {}): Float32Array {
    const [first = new Float32Array(0), second] = channels;
    if (second === undefined) return first.map((sample) => sample * scale);
    const mono = new Float32Array(first.length);
    const factor = scale / channels.length;
    if (channels.length === 2) {
      const sign = this.#signOfSecond(first, second, scale);
      for (let i = 0; i < mono.length; i++) mono[i] = (first[i]! + sign * second[i]!) * factor;
    } else
      for (let i = 0; i < mono.length; i++) {
        let sum = 0;
        for (const channel of channels) sum += channel[i]!;
        mono[i] = sum * factor;
      }
    return mono;
  }

  #signOfSecond(first: Float32Array, second: Float32Array, scale: number): 1 | -1 {
    let ofFirst = 0;
    let ofSecond = 0;
    let product = 0;
    for (let i = 0; i < first.length; i++) {
      ofFirst += first[i]! ** 2;
      ofSecond += second[i]! ** 2;
      product += first[i]! * second[i]!;
    }
    const floor = first.length * (LOUD / scale) ** 2;
    if (ofFirst > floor && ofSecond > floor) {
      const correlation = product / Math.sqrt(ofFirst * ofSecond);
      const isInverted = correlation < (this.#isInverted ? CORRELATION_AGAIN : CORRELATION_INVERTED);
      if (isInverted && !this.#isInverted) this.#onAntiphase();
      this.#isInverted = isInverted;
    }
    return this.#isInverted ? -1 : 1;
  }
}

/** Root mean square in int16 magnitudes (-64 dB of full scale) below which a channel's correlation means nothing. */
const LOUD = 20;

/** Correlation below which two channels are one signal and its inverse: then at least 13 dB of each cancel. */
const CORRELATION_INVERTED = -0.95;

/** Above this they are no longer; between the two nothing changes, so that quiet passages do not switch. */
const CORRELATION_AGAIN = -0.5;
