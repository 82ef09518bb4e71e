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

/** Clips per phrase: the 95th percentile of 32 is the second longest. With many phrases fewer, but at least 8. */
const CLIPS = { most: 32, least: 8, total: 320 } as const;

/** Speaks every phrase some dozens of times with the engines of a config, and measures it. Nothing is written. */
export async function measurePhrases(context: BuildContext): Promise<PhraseLengths[]> {
  const { config, signal } = context;
  const phrases = config.labels.flatMap((label) => label.phrases);
  const { most, least, total } = CLIPS;
  const count = Math.max(least, Math.min(most, Math.floor(total / phrases.length)));
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
      for await (const { clip } of clips) lengths.push(clip.audio.samples.length);
      measured.push({ phrase, lengths });
    }
    return measured;
  } finally {
    await Promise.all(engines.map(({ engine }) => engine.dispose()));
  }
}

/** Least and most embeddings of a window that `chooseEmbeddings` gives: openWakeWord's number, and the config's limit. */
const EMBEDDINGS = { least: 16, most: 64 } as const;

/**
 * Embeddings of a window that holds 95 % of the copies of every phrase, slow ones included, with the time after it; 16 to 64.
 * @throws CallsignError `INVALID_ARGUMENT` for a phrase of which most copies need more
 */
export function chooseEmbeddings(
  phrases: readonly PhraseLengths[],
  config: Pick<DataConfig, "windowing" | "data">,
): number {
  const afterSeconds = afterSecondsOf(config);
  const longest = longestPhrase({ ...SEQUENCE, embeddings: EMBEDDINGS.most }, afterSeconds);
  let embeddings: number = EMBEDDINGS.least;
  for (const { phrase, lengths } of phrases) {
    const copies = copyLengths(lengths, config.data.augmentation);
    const usual = percentile(copies, 0.5);
    if (usual > longest)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `${JSON.stringify(phrase)}: expected a phrase of at most ${seconds(longest)} (the longest window, ` +
          `${EMBEDDINGS.most} embeddings), got one that takes ${seconds(usual)} to say; use a shorter phrase`,
      );
    embeddings = Math.max(embeddings, embeddingsFor(percentile(copies, 0.95), afterSeconds));
  }
  return Math.min(embeddings, EMBEDDINGS.most);
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
    needed > EMBEDDINGS.most
      ? "use a shorter phrase"
      : `set windowing.embeddings to ${needed}, or use a shorter phrase`;
  throw new CallsignError(
    "CONFIG_INVALID",
    `labels: ${JSON.stringify(label)}: expected phrases of at most ${seconds(longest)} (windowing.embeddings ` +
      `${windowing.embeddings}, less data.afterSeconds), got ${tooLong} of ${clips.length} clips that are longer; ${fix}`,
  );
}

const SEQUENCE = { kind: "embedding-sequence", hopLength: 1280 } as const;

/** Draws of speed per clip. */
const DRAWS = 16;

/** Lengths of augmented copies, as `augmentVoice` draws them. */
function copyLengths(
  lengths: readonly number[],
  { speed, timeScale }: Pick<AugmentConfig, "speed" | "timeScale">,
): number[] {
  const random = createRandom("copy lengths");
  return lengths.flatMap((length) =>
    Array.from({ length: DRAWS }, () => {
      const faster = random.next() < speed.probability ? random.uniform(...speed.factor) : 1;
      const longer = random.next() < timeScale.probability ? random.uniform(...timeScale.factor) : 1;
      return (length / faster) * longer;
    }),
  );
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;

const seconds = (length: number): string => `${(length / 16_000).toFixed(1)} s`;
