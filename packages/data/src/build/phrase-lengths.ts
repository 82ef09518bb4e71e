import { CallsignError } from "@callsign/audio/internal";

import type { AugmentConfig } from "../config/augment-config.ts";
import { afterSecondsOf, type DataConfig } from "../config/config.ts";
import { embeddingsFor, longestPhrase } from "../labelling/windows.ts";
import { createRandom } from "../random.ts";
import type { CollectedSet } from "../store/clip-set.ts";
import { spokenText } from "../text/spoken-text.ts";
import { takeTurns } from "../voices/take-turns.ts";
import { synthesizeClips } from "../voices/synthesize-clips.ts";
import type { BuildContext } from "./build-context.ts";
import { openEngines } from "./locate-models.ts";
import { soundsOfConfig } from "./stages/draw-texts.ts";

/** Lengths of one phrase in several voices, in samples, without silence around it. */
export interface PhraseLengths {
  readonly phrase: string;
  readonly lengths: readonly number[];
}

/** Clips per phrase: the 95th percentile of 32 is the second longest. `total` limits the clips of many phrases, down to `min` each. */
const CLIPS = { max: 32, min: 8, total: 320 } as const;

/**
 * Synthesizes every phrase 8 to 32 times with the engines of a config and measures the lengths; eight are enough for a phrase that
 * the shortest window clearly holds. Writes no files.
 */
export async function measurePhrases(context: BuildContext): Promise<PhraseLengths[]> {
  const { config, signal } = context;
  const phrases = config.labels.flatMap((label) => label.phrases);
  const { max, min, total } = CLIPS;
  const count = Math.max(min, Math.min(max, Math.floor(total / phrases.length)));
  // A pronunciation with more syllables takes longer.
  const sounds = await soundsOfConfig(config);
  const engines = await openEngines(context);
  try {
    const measured: PhraseLengths[] = [];
    for (const phrase of phrases) {
      const lengths: number[] = [];
      const clips = synthesizeClips({
        turn: takeTurns({ texts: [spokenText(phrase)] }),
        sounds,
        count,
        engines,
        seed: `${config.seed}/length of ${phrase}`,
        mostAttempts: config.data.mostAttempts,
        mostRejectedShare: config.data.mostRejectedShare,
        ...(signal && { signal }),
      });
      for await (const { clip } of clips) {
        lengths.push(clip.audio.samples.length);
        if (lengths.length === min && isShort(lengths, config)) break;
      }
      measured.push({ phrase, lengths });
    }
    return measured;
  } finally {
    await Promise.all(engines.map(({ engine }) => engine.dispose()));
  }
}

/** Whether even copies of 1.25 times the longest of these lengths fit into the shortest window. */
function isShort(lengths: readonly number[], config: Pick<DataConfig, "windowing" | "data">): boolean {
  const longest = Math.max(...copyLengths(lengths, config.data.augmentation));
  return embeddingsFor(1.25 * longest, afterSecondsOf(config)) <= EMBEDDINGS.min;
}

/** Limits of `chooseEmbeddings`: openWakeWord's number of embeddings, and the limit of a config. */
const EMBEDDINGS = { min: 16, max: 64 } as const;

/**
 * Number of embeddings, 16 to 64, of a window that contains 95 % of the augmented copies of every phrase and
 * `data.afterSeconds` after them.
 * @throws CallsignError `INVALID_ARGUMENT` if more than half of the copies of a phrase need more than 64
 */
export function chooseEmbeddings(
  phrases: readonly PhraseLengths[],
  config: Pick<DataConfig, "windowing" | "data">,
): number {
  const afterSeconds = afterSecondsOf(config);
  const longest = longestPhrase({ ...SEQUENCE, embeddings: EMBEDDINGS.max }, afterSeconds);
  let embeddings: number = EMBEDDINGS.min;
  for (const { phrase, lengths } of phrases) {
    const copies = copyLengths(lengths, config.data.augmentation);
    const median = percentile(copies, 0.5);
    if (median > longest)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `${JSON.stringify(phrase)}: expected a phrase of at most ${seconds(longest)} (the longest window, ` +
          `${EMBEDDINGS.max} embeddings), got one that takes ${seconds(median)} to say; use a shorter phrase`,
      );
    embeddings = Math.max(embeddings, embeddingsFor(percentile(copies, 0.95), afterSeconds));
  }
  return Math.min(embeddings, EMBEDDINGS.max);
}

/**
 * Checks that most clips of a phrase fit into the window.
 * @throws CallsignError `CONFIG_INVALID`
 */
export function checkPhraseFits(
  { label, clips }: { readonly label: string } & Pick<CollectedSet, "clips">,
  config: DataConfig,
): void {
  const { windowing, data } = config;
  if (windowing.kind === "sliding-audio" || clips.length === 0) return;
  const afterSeconds = afterSecondsOf(config);
  const longest = longestPhrase(windowing, afterSeconds);
  const lengths = clips.map(({ durationSeconds }) => Math.round(durationSeconds * 16_000));
  const tooLong = lengths.filter((length) => length > longest).length;
  if (2 * tooLong <= clips.length) return;
  const needed = embeddingsFor(percentile(copyLengths(lengths, data.augmentation), 0.95), afterSeconds);
  const fix =
    needed > EMBEDDINGS.max
      ? "use a shorter phrase"
      : `set windowing.embeddings to ${needed}, or use a shorter phrase`;
  throw new CallsignError(
    "CONFIG_INVALID",
    `labels: ${JSON.stringify(label)}: expected most clips to be at most ${seconds(longest)} (a window of windowing.embeddings ` +
      `${windowing.embeddings} minus data.afterSeconds), got ${tooLong} of ${clips.length} that are longer; ${fix}`,
  );
}

const SEQUENCE = { kind: "embedding-sequence", hopLength: 1280 } as const;

/** Copies drawn per clip. */
const COPIES_PER_CLIP = 16;

/** Lengths of augmented copies, with speed and time scale drawn as by `augmentVoice`. */
function copyLengths(
  lengths: readonly number[],
  { speed, timeScale }: Pick<AugmentConfig, "speed" | "timeScale">,
): number[] {
  const random = createRandom("copy lengths");
  return lengths.flatMap((length) =>
    Array.from({ length: COPIES_PER_CLIP }, () => {
      const faster = random.next() < speed.probability ? random.uniform(...speed.factor) : 1;
      const longer = random.next() < timeScale.probability ? random.uniform(...timeScale.factor) : 1;
      return (length / faster) * longer;
    }),
  );
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;

const seconds = (length: number): string => `${(length / 16_000).toFixed(1)} s`;
