import { type NamedSamples, type Random, createRandom } from "@callsign/data/internal";
import { CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";

/** Inputs of a mix. Recordings are read on demand, so that a day of audio fits in memory. */
export interface PicovoiceMixParts {
  /** Recordings of the word, each used once. */
  readonly keywords: readonly (() => Promise<Float32Array>)[];
  /** Other speech, drawn with replacement. */
  readonly speech: readonly (() => Promise<Float32Array>)[];
  readonly noise: readonly NamedSamples[];
  readonly hours: number;
  readonly snrDb: number;
  readonly seed: string | number;
}

/** Segment of the mix, not yet scaled to full scale; the noise alone has a peak of about 1. */
export interface MixedPart {
  readonly samples: Float32Array;
  /** Whether the segment contains the word. */
  readonly isKeyword: boolean;
}

/** Share of the background segments that contain speech; the others are noise only. */
const SPEECH_SHARE = 0.2;
/** Frame length for energies, in samples; the energy of a segment is that of its loudest frame. */
const ENERGY_FRAME_LENGTH = 512;

/**
 * Mix of Picovoice's wake-word-benchmark (mixer.py, 2018-2025), segment by segment: the words in random order with
 * equally long background between them, a fifth of the background utterances audible, noise everywhere, each segment's
 * loudest frame `snrDb` above that of its noise. The random draws differ from numpy's.
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
      // At least 1: with empty recordings only, the loop would not end.
      length += Math.max(1, utterance.length);
    }
  }
  yield* background();
  for (const keyword of random.fork("order").shuffle(keywords)) {
    yield mixed(atPeakOne(await keyword()), true);
    yield* background();
  }
}

/** Energy of the loudest frame as defined by the benchmark: the sum of squares; 0 for less than a frame. */
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

/** Endless noise from recordings scaled to peak 1, in random order; each call returns the next `length` samples in a new array. */
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
