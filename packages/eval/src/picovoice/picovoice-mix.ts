import { type NamedSamples, type Random, createRandom } from "@callsign/data/internal";
import { CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";

/** What a mix is made of; recordings are read when their turn comes, so that a day of it fits in memory. */
export interface PicovoiceMixParts {
  /** Recordings of the word: each is used once. */
  readonly keywords: readonly (() => Promise<Float32Array>)[];
  /** Other speech, drawn again and again. */
  readonly speech: readonly (() => Promise<Float32Array>)[];
  readonly noise: readonly NamedSamples[];
  readonly hours: number;
  readonly snrDb: number;
  readonly seed: string | number;
}

/** A stretch of the mix, at the peak that its noise and speech come to (1 is about the noise's own). */
export interface MixedPart {
  readonly samples: Float32Array;
  /** Whether it is the word. */
  readonly isKeyword: boolean;
}

/** Share of the stretches between words in which somebody speaks; in the others only noise is heard. */
const SPEECH_SHARE = 0.2;
/** The energy of a part is that of its loudest frame. */
const ENERGY_FRAME_LENGTH = 512;

/**
 * The mix of Picovoice's wake-word-benchmark (mixer.py, 2018-2025), part by part: the words in random order with
 * equally long stretches of background between them, a fifth of its utterances audible, noise under everything, each
 * part's loudest frame `snrDb` above that of the noise under it. The draws are ours: numpy's are not reproduced.
 * @throws CallsignError `CORPUS_EMPTY`
 */
export async function* mixPicovoice(parts: PicovoiceMixParts): AsyncGenerator<MixedPart> {
  const { keywords, speech, noise, hours, snrDb, seed } = parts;
  if (keywords.length === 0 || speech.length === 0 || noise.length === 0)
    throw new CallsignError("CORPUS_EMPTY", "picovoice: expected recordings of the word, speech and noise");
  const random = createRandom(seed).fork("picovoice");
  const noiseOf = noiseTape(noise, random.fork("noise"));
  const draws = random.fork("background");
  const stretch = Math.floor((hours * 3600 * SAMPLE_RATE_HZ) / (keywords.length + 1));
  const mixed = (voice: Float32Array, isKeyword: boolean): MixedPart => ({
    samples: over(voice, { noise: noiseOf(voice.length), snrDb }),
    isKeyword,
  });
  async function* background(): AsyncGenerator<MixedPart> {
    for (let length = 0; length < stretch;) {
      const utterance = await draws.choice(speech)();
      const audible = draws.uniform(0, 1) < SPEECH_SHARE;
      yield mixed(audible ? atPeakOne(utterance) : new Float32Array(utterance.length), false);
      // An empty recording would keep the stretch from ever being filled.
      length += Math.max(1, utterance.length);
    }
  }
  yield* background();
  for (const keyword of random.fork("order").shuffle(keywords)) {
    yield mixed(atPeakOne(await keyword()), true);
    yield* background();
  }
}

/** The loudest frame's energy, as the benchmark has it: the sum of squares; 0 for less than a frame. */
export function loudestFrameEnergy(samples: Float32Array): number {
  let loudest = 0;
  for (let at = 0; at + ENERGY_FRAME_LENGTH <= samples.length; at += ENERGY_FRAME_LENGTH) {
    let sum = 0;
    for (let i = at; i < at + ENERGY_FRAME_LENGTH; i++) sum += samples[i]! ** 2;
    loudest = Math.max(loudest, sum);
  }
  return loudest;
}

function over(
  voice: Float32Array,
  { noise, snrDb }: { readonly noise: Float32Array; readonly snrDb: number },
): Float32Array {
  const energy = loudestFrameEnergy(voice);
  const scale = energy === 0 ? 0 : Math.sqrt((loudestFrameEnergy(noise) * 10 ** (snrDb / 10)) / energy);
  return noise.map((value, i) => value + scale * voice[i]!);
}

function atPeakOne(samples: Float32Array): Float32Array {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return peak === 0 ? samples : samples.map((value) => value / peak);
}

/** Noise recordings at peak 1, drawn one after another; each call gives the next `length` samples, in a new array. */
function noiseTape(noise: readonly NamedSamples[], random: Random): (length: number) => Float32Array {
  const audible = noise.map(({ samples }) => atPeakOne(samples)).filter(({ length }) => length > 0);
  if (audible.length === 0)
    throw new CallsignError("CORPUS_EMPTY", "picovoice: all noise recordings are empty");
  let current = random.choice(audible);
  let at = 0;
  return (length) => {
    const taken = new Float32Array(length);
    for (let filled = 0; filled < length;) {
      if (at === current.length) {
        current = random.choice(audible);
        at = 0;
      }
      const count = Math.min(length - filled, current.length - at);
      taken.set(current.subarray(at, at + count), filled);
      filled += count;
      at += count;
    }
    return taken;
  };
}
