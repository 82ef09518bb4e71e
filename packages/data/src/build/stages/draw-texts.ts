import { createRandom } from "../../random.ts";
import type { DataConfig } from "../../config/config.ts";
import { drawNegativeTexts, NEGATIVE_KINDS, type NegativeKind } from "../../text/negative-texts.ts";
import { parseIpa } from "../../text/phonetics/ipa.ts";
import { loadPronunciations, loadSpellingModel, withSounds } from "../../text/phonetics/pronunciations.ts";
import { createSoundIndex } from "../../text/phonetics/sound-index.ts";
import { buildShares, partition, type Split } from "../../split.ts";
import { spokenText } from "../../text/spoken-text.ts";
import { findWordSounds, readByEspeak, type WordSounds } from "../../text/word-sounds.ts";
import type { ClipKind } from "../../store/clip-set.ts";

/** Texts to synthesize; the clips of a split use its texts in turn. */
export interface SpokenSet {
  readonly id: string;
  readonly kind: ClipKind;
  /** In the manifest: the phrase's label, or the kind of negative. */
  readonly label: string;
  readonly texts: Readonly<Record<Split, readonly string[]>>;
  /** Pronunciations of some of their words; each clip uses one per word, drawn by weight. */
  readonly sounds?: WordSounds;
  readonly count: number;
}

/** The task `texts`: half a gigabyte of dictionary and index, which ends with its thread. */
export const openTexts = () => ({ run: drawTexts });

/** Texts of all negatives, and the pronunciations of the words of the phrases, for positives and negatives. */
export interface DrawnTexts {
  readonly sounds: WordSounds;
  readonly negatives: readonly SpokenSet[];
}

/** Finds the pronunciations of the phrases and draws the texts of all negatives. */
export async function drawTexts(config: DataConfig): Promise<DrawnTexts> {
  const sounds = await soundsOfConfig(config);
  return { sounds, negatives: await drawNegatives(config, sounds) };
}

/** Pronunciations of the words of the phrases that have several or are not in the dictionary; those of the config replace the found ones. */
export async function soundsOfConfig({
  labels,
  pronunciations: own,
}: Pick<DataConfig, "labels" | "pronunciations">): Promise<WordSounds> {
  const given = Object.fromEntries(
    Object.entries(own).map(([word, sounds]) => [
      word,
      sounds.map(({ ipa, weight }) => ({ sound: parseIpa(ipa), weight })),
    ]),
  );
  return findWordSounds(
    labels.flatMap(({ phrases }) => phrases.map(spokenText)),
    { pronunciations: await loadPronunciations(), loadModel: loadSpellingModel, readAs: readByEspeak, given },
  );
}

async function drawNegatives(config: DataConfig, sounds: WordSounds): Promise<SpokenSet[]> {
  const wanted = wantedNegatives(config).filter(({ clips }) => clips > 0);
  if (wanted.length === 0) return [];
  const { nearMisses, partial, swapped, sentences, randomWords, foreign, own } = config.data.negatives;
  const dictionary = await loadPronunciations();
  const texts = drawNegativeTexts(
    config.labels.flatMap(({ phrases }) => phrases.map(spokenText)),
    {
      counts: {
        nearMisses: nearMisses.clips > 0 ? nearMisses.textsPerPhrase : 0,
        partial: partial.clips > 0 ? partial.textsPerPhrase : 0,
        swapped: swapped.clips,
        sentences: sentences.clips,
        randomWords: randomWords.clips,
        foreign: foreign.clips,
      },
      user: own.map(spokenText),
      pronunciations: withSounds(dictionary, sounds),
      // The dictionary is sorted once; the phrases' own words, which may sound otherwise, are no negatives.
      index: createSoundIndex(dictionary),
      random: createRandom(config.seed).fork("texts"),
    },
  );
  return wanted.flatMap(({ kind, clips }) => {
    const ofKind = texts.filter((text) => text.kind === kind).map(({ text }) => text);
    return ofKind.length === 0
      ? []
      : [{ id: kind, kind, label: kind, texts: splitTexts(ofKind, { kind, config }), count: clips }];
  });
}

/** Texts by split. Parts of phrases, swapped phrases and the user's texts are in both splits, each other text in one. */
function splitTexts(
  texts: readonly string[],
  { kind, config }: { readonly kind: NegativeKind; readonly config: DataConfig },
): SpokenSet["texts"] {
  if (IN_BOTH.has(kind)) return { train: texts, validation: texts };
  const shares = buildShares(config.data.splits);
  const splits = partition(texts, { seed: `${config.seed}/texts/${kind}`, shares });
  const of = (split: Split): string[] => texts.filter((text) => splits.get(text) === split);
  return { train: of("train"), validation: of("validation") };
}

const IN_BOTH: ReadonlySet<NegativeKind> = new Set(["partial", "swapped", "user"]);

/** Clips asked for of each kind of negative. */
export function wantedNegatives({
  data: { negatives },
}: Pick<DataConfig, "data">): { kind: NegativeKind; clips: number }[] {
  const { sentences, nearMisses, partial, swapped, randomWords, foreign, own, clipsPerOwn } = negatives;
  const clips: Record<NegativeKind, number> = {
    "near-miss": nearMisses.clips,
    partial: partial.clips,
    swapped: swapped.clips,
    user: own.length * clipsPerOwn,
    sentence: sentences.clips,
    "random-words": randomWords.clips,
    foreign: foreign.clips,
  };
  return NEGATIVE_KINDS.map((kind) => ({ kind, clips: clips[kind] }));
}
