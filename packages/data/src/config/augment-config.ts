import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

const probability = (chance: number) => z.number().min(0).max(1).default(chance);

/** Lowest and highest value drawn. */
const range = (low: number, high: number, { min, max }: { min: number; max: number }) =>
  z
    .tuple([z.number().min(min).max(max), z.number().min(min).max(max)])
    .refine(([from, to]) => from <= to, "expected the lower end of the range first")
    .default([low, high]);

/** Every step with its probability and the ranges of its values, drawn uniformly unless stated otherwise. */
const schema = z.strictObject({
  /** Speed with pitch; 1.1 is 10 % faster. */
  speed: z
    .strictObject({ probability: probability(0.4), factor: range(0.9, 1.12, { min: 0.5, max: 2 }) })
    .prefault({}),
  /** Length at the same pitch; 1.1 is 10 % longer. */
  timeScale: z
    .strictObject({ probability: probability(0.4), factor: range(0.85, 1.2, { min: 0.5, max: 2 }) })
    .prefault({}),
  /** Pitch and formants together, at the same length. */
  pitch: z
    .strictObject({ probability: probability(0.3), semitones: range(-2.5, 2.5, { min: -12, max: 12 }) })
    .prefault({}),
  /** Formants alone, as of a shorter (above 1) or longer vocal tract. */
  formants: z
    .strictObject({ probability: probability(0.3), factor: range(0.88, 1.14, { min: 0.6, max: 1.7 }) })
    .prefault({}),
  /** Other speech before and after the phrase. */
  speechAround: z
    .strictObject({
      before: probability(0.35),
      after: probability(0.2),
      /** Share of the neighbouring clips without a pause, at most 80 ms away: "PHRASE turn on the light". */
      closeShare: probability(0.3),
      /** Pause to the other neighbours, in seconds. */
      gapSeconds: range(0.05, 0.4, { min: 0, max: 10 }),
      /** Relative to the level of the phrase. */
      levelDb: range(-6, 3, { min: -60, max: 40 }),
    })
    .prefault({}),
  /** An impulse response: one of those given, or a synthetic room. */
  room: z
    .strictObject({
      probability: probability(0.5),
      /** Share of synthetic rooms where responses are given; without any, all are synthetic. */
      synthetic: probability(0.5),
      reverberationSeconds: range(0.08, 0.6, { min: 0.02, max: 5 }),
    })
    .prefault({}),
  /** Colour of microphones and walls. */
  equalizer: z
    .strictObject({
      probability: probability(0.4),
      bands: z.tuple([z.int().min(1).max(20), z.int().min(1).max(20)]).default([1, 4]),
      /** Uniform over octaves. */
      frequencyHz: range(80, 7000, { min: 10, max: 7900 }),
      gainDb: range(-9, 9, { min: -40, max: 40 }),
      q: range(0.4, 1.5, { min: 0.05, max: 30 }),
    })
    .prefault({}),
  /** A noise recording added to the speech. The signal-to-noise ratio holds over the phrase. */
  noise: z
    .strictObject({ probability: probability(0.75), snrDb: range(0, 30, { min: -30, max: 100 }) })
    .prefault({}),
  /** Several people who talk at once in the background, from the clips of talk of the build. */
  babble: z
    .strictObject({
      probability: probability(0.1),
      people: z.tuple([z.int().min(1).max(20), z.int().min(1).max(20)]).default([2, 4]),
      snrDb: range(5, 20, { min: -30, max: 100 }),
    })
    .prefault({}),
  /** Talk from a small loudspeaker in the room, such as a television or a radio. */
  loudspeaker: z
    .strictObject({ probability: probability(0.04), snrDb: range(5, 20, { min: -30, max: 100 }) })
    .prefault({}),
  /** Automatic gain control: lowers loud parts and raises soft ones. */
  compressor: z
    .strictObject({
      probability: probability(0.15),
      /** Threshold below the loudest sample. */
      belowPeakDb: range(6, 24, { min: 0, max: 80 }),
      /** Decibels in for one decibel out. */
      ratio: range(2, 6, { min: 1, max: 100 }),
      attackSeconds: range(0.002, 0.02, { min: 0.0001, max: 1 }),
      releaseSeconds: range(0.05, 0.5, { min: 0.001, max: 10 }),
    })
    .prefault({}),
  /** Loudest sample of the result. */
  gain: z
    .strictObject({ probability: probability(1), peakDbfs: range(-45, -0.4, { min: -90, max: 0 }) })
    .prefault({}),
  /** Hiss and rumble of the circuit, at an absolute level. */
  colouredNoise: z
    .strictObject({
      probability: probability(0.7),
      /** Power falls as frequency to this: 0 white, 1 pink, 2 brown, -1 blue. */
      exponent: range(-0.5, 1.5, { min: -3, max: 3 }),
      levelDbfs: range(-96, -66, { min: -150, max: 0 }),
    })
    .prefault({}),
  /** Level over full scale, where samples are clipped. */
  clipping: z
    .strictObject({ probability: probability(0.04), overDb: range(1, 9, { min: 0, max: 60 }) })
    .prefault({}),
  /** Telephone and radio: band-pass, mu-law, 8 kHz. */
  telephone: z
    .strictObject({
      probability: probability(0.08),
      lowHz: range(200, 400, { min: 10, max: 4000 }),
      highHz: range(3000, 3600, { min: 500, max: 7900 }),
      muLaw: probability(0.7),
      halfRate: probability(0.5),
    })
    .prefault({}),
  /** Opus codec, which calls, browsers and wireless microphones use. */
  opus: z
    .strictObject({
      probability: probability(0.03),
      /** Bits per second. */
      bitrate: range(6000, 24_000, { min: 6000, max: 510_000 }),
    })
    .prefault({}),
});

/** Settings of augmentation. Every field has a default, so `{}` is valid. */
export type AugmentConfig = z.output<typeof schema>;

/** The same with everything optional, as a config file has it. */
export type AugmentConfigInput = z.input<typeof schema>;

/** For a larger config to embed. */
export const augmentConfigSchema = schema;

/** @throws CallsignError CONFIG_INVALID naming every wrong field */
export function parseAugmentConfig(value: unknown, { name = "augmentation" } = {}): AugmentConfig {
  return parseStrict(schema, value, { name, code: "CONFIG_INVALID" });
}

/** Every step off, `changes` on top: `onlyAugment({ noise: { probability: 1 } })` adds noise and does nothing else. */
export function onlyAugment(changes: AugmentConfigInput = {}): AugmentConfig {
  const off = Object.fromEntries(
    Object.keys(schema.shape).map((step) => [
      step,
      step === "speechAround" ? { before: 0, after: 0 } : { probability: 0 },
    ]),
  ) as Record<string, object>;
  for (const [step, values] of Object.entries(changes)) off[step] = { ...off[step], ...values };
  return parseAugmentConfig(off);
}
