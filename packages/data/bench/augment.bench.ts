import { augment } from "../src/augment/augment.ts";
import { onlyAugment, parseAugmentConfig, type AugmentConfigInput } from "../src/config/augment-config.ts";
import { colouredNoise } from "../src/augment/dsp/coloured-noise.ts";
import { throughOpus } from "../src/augment/dsp/opus.ts";
import { convolve } from "../src/augment/dsp/convolve.ts";
import { roomImpulseResponse } from "../src/augment/dsp/synthetic-room.ts";
import { findNearMisses } from "../src/text/near-misses.ts";
import { loadPronunciations } from "../src/text/phonetics/pronunciations.ts";
import { drawSentence } from "../src/text/sentences/sentences.ts";
import { createSoundIndex } from "../src/text/phonetics/sound-index.ts";
import { createTargetPhrases } from "../src/text/target-phrases.ts";
import { createRandom } from "../src/random.ts";
import type { BenchRow } from "../../../test-support/bench-row.ts";

const SECONDS = 2;
const samples = colouredNoise(SECONDS * 16_000, { exponent: 1, random: createRandom(1) }).map(
  (x) => 2000 * x,
);
const noises = [
  {
    name: "noise",
    samples: colouredNoise(160_000, { exponent: 1, random: createRandom(2) }).map((x) => 500 * x),
  },
];
const talkers = [1, 2, 3].map((i) => ({ name: `talk ${i}`, samples: samples.map((x) => x / i) }));
const random = createRandom(3);

/** Each step alone, with fixed values, so that every run does the same work. */
const STEPS: readonly (readonly [name: string, changes: AugmentConfigInput])[] = [
  ["speed 1.1", { speed: { probability: 1, factor: [1.1, 1.1] } }],
  ["time scale 1.1 (WSOLA)", { timeScale: { probability: 1, factor: [1.1, 1.1] } }],
  ["pitch, 2 semitones", { pitch: { probability: 1, semitones: [2, 2] } }],
  ["formants 1.1", { formants: { probability: 1, factor: [1.1, 1.1] } }],
  ["synthetic room, 0.3 s", { room: { probability: 1, reverberationSeconds: [0.3, 0.3] } }],
  ["equalizer, 3 bands", { equalizer: { probability: 1, bands: [3, 3] } }],
  ["noise at an SNR", { noise: { probability: 1 } }],
  ["babble of three", { babble: { probability: 1, people: [3, 3] } }],
  ["loudspeaker", { loudspeaker: { probability: 1 } }],
  ["compressor", { compressor: { probability: 1 } }],
  ["coloured noise", { colouredNoise: { probability: 1 } }],
  ["gain", { gain: { probability: 1 } }],
  ["clipping", { clipping: { probability: 1 } }],
  ["telephone, mu-law at 8 kHz", { telephone: { probability: 1, muLaw: 1, halfRate: 1 } }],
];

/** Mean microseconds of processor time a call: what other programs do meanwhile hardly counts. */
function cost(run: (i: number) => unknown, runs = 40): number {
  for (let i = 0; i < 5; i++) run(i);
  const start = process.cpuUsage();
  for (let i = 0; i < runs; i++) run(i);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / runs;
}

/** Microseconds a second of audio for each step alone, less what a run with every step off takes; and the whole. */
function stepRows(): BenchRow[] {
  const run = (changes: AugmentConfigInput | undefined) => {
    const config = changes === undefined ? parseAugmentConfig({}) : onlyAugment(changes);
    return (i: number) =>
      augment({ samples }, { config, random: random.fork(i), resources: { noises, talkers } });
  };
  const empty = cost(run({}));
  const rows = STEPS.map(([name, changes]) => ({
    name,
    value: Math.max(1, cost(run(changes)) - empty) / SECONDS,
  }));
  const all = {
    name: "the default mix, every step by its chance",
    value: cost(run(undefined), 100) / SECONDS,
  };
  return [{ name: "every step off (copy, round)", value: empty / SECONDS }, ...rows, all].map(
    ({ name, value }) => ({
      group: "augment",
      name,
      value,
      unit: "us/s of audio",
      note: `${Math.round(1e6 / value)}x real time`,
    }),
  );
}

async function opusRow(): Promise<BenchRow> {
  const start = process.cpuUsage();
  for (let i = 0; i < 20; i++) await throughOpus(samples, { bitrate: 12_000 });
  const { user, system } = process.cpuUsage(start);
  const value = (user + system) / 20 / SECONDS;
  return { group: "augment", name: "Opus at 12 kbit/s", value, unit: "us/s of audio" };
}

function convolutionRow(): BenchRow {
  const room = {
    size: [6, 4.5, 3],
    source: [1.5, 1.2, 1.4],
    microphone: [4, 3, 1.2],
    reverberationSeconds: 0.3,
    brightness: 1,
  } as const;
  const response = roomImpulseResponse(room, random);
  const direct = (): Float32Array => {
    const output = new Float32Array(samples.length + response.length - 1);
    for (let j = 0; j < response.length; j++) {
      const gain = response[j]!;
      for (let i = 0; i < samples.length; i++) output[i + j] = output[i + j]! + samples[i]! * gain;
    }
    return output;
  };
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < 5; round++) {
    ours.push(cost(() => convolve(samples, response), 5));
    theirs.push(cost(direct, 1));
  }
  const [a, b] = [Math.min(...ours), Math.min(...theirs)];
  return {
    group: "augment",
    name: "convolution, 0.3 s response",
    value: a / SECONDS,
    unit: "us/s of audio",
    ratio: b / a,
    baseline: "the direct sum",
  };
}

async function negativeRows(): Promise<BenchRow[]> {
  let start = performance.now();
  const pronunciations = await loadPronunciations();
  const loadMs = performance.now() - start;
  start = performance.now();
  const index = createSoundIndex(pronunciations);
  const indexMs = performance.now() - start;
  const search = (phrase: string) => (i: number) => {
    const targets = createTargetPhrases([phrase], pronunciations);
    return findNearMisses(phrase, { count: 100, pronunciations, index, targets, random: random.fork(i) });
  };
  const rows: BenchRow[] = [
    { group: "negatives", name: "load the dictionary", value: loadMs, unit: "ms" },
    { group: "negatives", name: "sort it by sound", value: indexMs, unit: "ms" },
  ];
  for (const phrase of ["alexa", "computer", "galactic battery"])
    rows.push({
      group: "negatives",
      name: `100 near-misses of "${phrase}"`,
      value: cost(search(phrase), 7) / 1000,
      unit: "ms",
    });
  rows.push({
    group: "negatives",
    name: "a sentence",
    value: cost(() => drawSentence(random), 2000),
    unit: "us",
  });
  return rows;
}

export async function bench(): Promise<BenchRow[]> {
  return [...stepRows(), await opusRow(), convolutionRow(), ...(await negativeRows())];
}
