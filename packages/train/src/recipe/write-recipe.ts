import { type EngineChoice, formatIpa, respell, spokenText, type WordSounds } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";

import { nameOfPhrases } from "./name-of-phrases.ts";
import { RECIPE_SIZES, type RecipeBudget } from "./recipe-budget.ts";

export interface RecipeOptions {
  /** Phrases, each with its own label. */
  readonly phrases: readonly string[];
  readonly budget: RecipeBudget;
  readonly seed: string | number;
  /** Number of embeddings in a window, which must contain the longest phrase (`chooseEmbeddings`). Default 16, for phrases of up to 1.8 s. */
  readonly embeddings?: number | undefined;
  /** Name of the detector and its folders. Default: made from the phrases. */
  readonly name?: string | undefined;
  /** Speech engines without weights. Default: espeak and flite. */
  readonly engines?: readonly EngineChoice[];
  /** Absolute paths of folders with recordings of speech without the phrases. */
  readonly speech?: readonly string[];
  /** Absolute paths of folders with recordings without speech. */
  readonly noise?: readonly string[];
  /** Total length of the recordings in these folders, which determines their number of copies. Default: 0. */
  readonly recordedSeconds?: { readonly speech: number; readonly noise: number };
  /** Pronunciations of words of the phrases. */
  readonly pronunciations?: WordSounds;
}

/**
 * Config of a new detector as YAML with comments, as `callsign new` writes it. Built from strings, because the comments
 * and flow style are for people to edit.
 * @throws CallsignError `INVALID_ARGUMENT` for two phrases with the same label, or one without any word
 */
export function writeRecipe({
  phrases,
  budget,
  seed,
  embeddings = 16,
  engines = [{ kind: "espeak" }, { kind: "flite" }],
  speech = [],
  noise = [],
  recordedSeconds = { speech: 0, noise: 0 },
  pronunciations = {},
  ...options
}: RecipeOptions): string {
  const size = RECIPE_SIZES[budget];
  const name = options.name ?? nameOfPhrases(phrases);
  const several = phrases.some((phrase) => spokenText(phrase).includes(" "));
  const parts = several ? Math.round(size.nearMisses / 2) : 0;
  return [
    `# A detector for ${phrases.map((phrase) => JSON.stringify(phrase)).join(", ")}, made by callsign new with budget ${budget}.`,
    `# Change what you like, then: callsign run --config THIS-FILE --out FOLDER`,
    `name: ${quoted(name)}`,
    `# The same config and seed give the same files.`,
    `seed: ${quoted(seed)}`,
    ``,
    `# What a detection is called, and the words for it; several phrases under one label do the same thing.`,
    `labels:`,
    ...labelsOf(phrases).map(
      (label, i) => `  - { label: ${quoted(label)}, phrases: [${quoted(phrases[i]!)}] }`,
    ),
    ``,
    ...pronunciationsOf(pronunciations),
    `# Embeddings in a window, 80 ms apart: enough for the phrases said slowly.`,
    `windowing: { kind: embedding-sequence, embeddings: ${embeddings} }`,
    ``,
    `data:`,
    `  # Speech synthesizers: espeak has many accents and voices; the others have fewer, which sound more like people.`,
    `  engines:`,
    ...weighted(engines).map((engine) => `    - { ${fieldsOf(engine)} }`),
    `  # Each clip gives this many augmented copies, which differ in speed, pitch, vocal tract, room, noise, level and microphone.`,
    `  positives: { clipsPerPhrase: ${size.clipsPerPhrase}, copies: ${size.copies} }`,
    `  # What is not the phrase, in the same voices: sentences, words that sound nearly like it, parts of it, words in no order and alone.`,
    `  negatives:`,
    `    sentences: { clips: ${size.sentences} }`,
    `    nearMisses: { clips: ${size.nearMisses} }`,
    `    partial: { clips: ${parts} }`,
    `    randomWords: { clips: ${size.randomWords} }`,
    `    # Words and numbers as other languages read them: the phrase is not the only thing that does not sound like English.`,
    `    foreign: { clips: ${size.foreign} }`,
    `    copies: ${size.negativeCopies}`,
    `  # Recordings of people who do not say the phrase. Add all you have: synthetic voices are not people. A quarter of the`,
    `  # files (or speakers, where source.speakerPattern names them) is used for validation, so give at least two.`,
    ...listOf("corpora", speech, (path, i) => [
      `    - source: { kind: folder, path: ${quoted(path)}, name: speech-${i + 1}, licence: not stated }`,
      `      copies: ${copiesOf(recordedSeconds.speech, { hours: size.recordedHours.speech, most: 4 })}`,
    ]),
    `  # Recordings without words, laid under the speech and heard alone.`,
    ...listOf("noise", noise, (path, i) => [
      `    - source: { path: ${quoted(path)}, name: noise-${i + 1}, licence: not stated }`,
      `      copies: ${copiesOf(recordedSeconds.noise, { hours: size.recordedHours.noise, most: 6 })}`,
    ]),
    `  # People say a word to a machine in more ways than synthesizers do: slower, higher, lower, in more noise.`,
    `  augmentation:`,
    `    noise: { probability: 0.7, snrDb: [5, 30] }`,
    `    babble: { probability: 0.05, snrDb: [10, 25] }`,
    `    loudspeaker: { probability: 0.02, snrDb: [10, 25] }`,
    `    speechAround: { before: 0.15, after: 0.15, closeShare: 0.5 }`,
    `    gain: { peakDbfs: [-30, -0.4] }`,
    `    timeScale: { probability: 0.5, factor: [0.85, 1.35] }`,
    `    speed: { probability: 0.5, factor: [0.86, 1.16] }`,
    `    pitch: { probability: 0.4, semitones: [-3, 3] }`,
    `    formants: { probability: 0.5, factor: [0.84, 1.18] }`,
    `  # Talk that contains the phrases, for training and for choosing the best weights and the threshold.`,
    `  scenes: { count: ${size.scenes}, seconds: 10 }`,
    ``,
    `train:`,
    `  epochs: ${size.epochs}`,
    `  stepsPerEpoch: ${size.stepsPerEpoch}`,
    `  # Windows in a batch. Each kind of negatives has a fixed share, whatever its amount of data; the share of a kind without data goes to the others.`,
    `  batch:`,
    `    positives: ${size.batch.positives}`,
    `    negatives: ${size.batch.negatives}`,
    `    shares: { people: 10, synthetic: 6, nearMiss: 0.2, partial: 0.2, noise: 4, scenes: 1.2 }`,
    `  # Noise added to each embedding, and an offset shared by all embeddings of a window: without them the network overfits the synthesizers.`,
    `  noise: 1`,
    `  offset: 0.7`,
    `  # Target rate per hour of talk: people's if recordings are given, else synthesized.`,
    `  selection: { falseAcceptsPerHour: 0.5 }`,
    ``,
  ].join("\n");
}

/** Number of copies that makes recordings about `hours` long, at least 1, so that people's speech is also trained on in noise. */
function copiesOf(
  seconds: number,
  { hours, most }: { readonly hours: number; readonly most: number },
): number {
  return Math.max(1, Math.min(most, Math.floor((hours * 3600) / seconds) - 1));
}

/** Weights of the engines that are not neural; docs/data.md has how well a detector trained elsewhere recognizes them. */
const WEIGHTS = { espeak: 50, flite: 15, pico: 20, gnuspeech: 15 } as const;
/** Share of neural voices, in percent, if there are any; a model can have the voices of hundreds of people. */
const NEURAL_SHARE = 60;

/** Engines with whole weights that sum to 100. */
function weighted(engines: readonly EngineChoice[]): EngineChoice[] {
  const isNeural = ({ kind }: EngineChoice): boolean => !(kind in WEIGHTS);
  const own = ({ kind }: EngineChoice): number => WEIGHTS[kind as keyof typeof WEIGHTS] ?? 1;
  const neural = engines.filter(isNeural);
  const others = engines.filter((engine) => !isNeural(engine));
  const share = neural.length === 0 ? 0 : others.length === 0 ? 100 : NEURAL_SHARE;
  const sum = others.reduce((total, engine) => total + own(engine), 0);
  const sorted = [...neural, ...others];
  const weights = roundTo100(
    sorted.map((engine) => (isNeural(engine) ? share / neural.length : ((100 - share) * own(engine)) / sum)),
  );
  return sorted.map((engine, i) => ({ ...engine, weight: weights[i]! }));
}

/** Percentages as whole numbers with the same sum: those with the largest remainders are rounded up. */
function roundTo100(percentages: readonly number[]): number[] {
  const whole = percentages.map(Math.floor);
  const missing = 100 - whole.reduce((sum, value) => sum + value, 0);
  const byRemainder = percentages
    .map((value, i) => ({ i, remainder: value - whole[i]! }))
    .toSorted((a, b) => b.remainder - a.remainder);
  for (const { i } of byRemainder.slice(0, missing)) whole[i]!++;
  return whole;
}

/** Fields of a YAML flow mapping; JSON values are valid YAML. */
const fieldsOf = ({ kind, ...rest }: EngineChoice): string =>
  [`kind: ${kind}`, ...Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)].join(
    ", ",
  );

function pronunciationsOf(sounds: WordSounds): string[] {
  const words = Object.entries(sounds);
  if (words.length === 0) return [];
  return [
    `# Pronunciations of these words, with their shares of the clips. Remove the wrong ones and add any that are missing.`,
    `pronunciations:`,
    ...words.flatMap(([word, choices]) => [
      `  ${quoted(word)}:`,
      ...choices.map(
        ({ sound, weight }) =>
          `    - { ipa: ${quoted(formatIpa(sound))}, weight: ${weight} } # ${respell(sound)}`,
      ),
    ]),
    ``,
  ];
}

function labelsOf(phrases: readonly string[]): string[] {
  const labels = phrases.map(labelOf);
  for (const [i, label] of labels.entries()) {
    if (!/^[\p{L}\p{N}]/u.test(label))
      throw new CallsignError("INVALID_ARGUMENT", `new: ${JSON.stringify(phrases[i])} contains no word`);
    if (labels.indexOf(label) !== i)
      throw new CallsignError("INVALID_ARGUMENT", `new: ${JSON.stringify(phrases[i])} is given twice`);
  }
  return labels;
}

/** Label of a phrase: its text in lower case, with symbols spelt out (`10%` gives "ten percent"). */
function labelOf(phrase: string): string {
  const isPlain = /^[\p{L}\p{M}\p{N}\s\p{P}]*$/u.test(phrase) && !/[%&@#]|\d[/.:]\d/.test(phrase);
  return (isPlain ? phrase : spokenText(phrase))
    .toLowerCase()
    .replaceAll(/['’]/g, "")
    .replaceAll(/[^\p{L}\p{N} _-]+/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 64)
    .trim();
}

function listOf(
  key: string,
  paths: readonly string[],
  entry: (path: string, index: number) => string[],
): string[] {
  return paths.length === 0 ? [`  ${key}: []`] : [`  ${key}:`, ...paths.flatMap(entry)];
}

/** YAML scalar; every JSON string is one. `$` refers to an environment variable only before `{`. */
const quoted = (value: string | number): string => JSON.stringify(value);
