import { CallsignError } from "@callsign/audio/internal";

import { buildShares, partition, type Split, SPLITS, type VoiceShares } from "../../split.ts";
import { inOtherLanguages } from "../../voices/engines/espeak/espeak.ts";
import { OTHER_LANGUAGES } from "../../voices/engines/espeak/voices.ts";
import type { VoiceParameters } from "../../voices/speech-engine.ts";
import type { Turn } from "../../voices/synthesize-clips.ts";
import { takeTurns } from "../../voices/take-turns.ts";
import type { SpokenSet } from "./draw-texts.ts";

/** Text and voice of a clip of a set, and its split. */
export interface SplitTurn extends Turn {
  readonly split: Split;
}

/** Voices of the clips so far, by split. */
export type SplitVoices = Readonly<Record<Split, readonly VoiceParameters[]>>;

interface TurnContext {
  readonly seed: string | number;
  readonly shares: VoiceShares;
  /** Voices of the positives, with their rate and pitch. */
  readonly positives: SplitVoices;
}

/**
 * Text, voice and split of each clip of a set. The splits alternate, so that any number of clips has the shares of the config;
 * within a split, clips use its texts and voices in turn. Negatives use the voices of the positives, so that a voice does not
 * reveal the label.
 */
export function clipTurns(
  { kind, texts }: Pick<SpokenSet, "kind" | "texts">,
  context: TurnContext,
): (index: number) => SplitTurn {
  const { seed, shares } = context;
  const voices = voicesFor(kind, context);
  // A set without a text or a voice for one split is entirely in the other split.
  const used = SPLITS.filter((split) => texts[split].length > 0 && voices[split]?.length !== 0);
  if (used.length === 0)
    throw new CallsignError(
      "CONFIG_INVALID",
      `data.negatives: no positive has a voice that can say the texts of kind ${kind}; set a larger data.positives.clipsPerPhrase, ` +
        "or a larger weight of espeak in data.engines",
    );
  const turns = Object.fromEntries(
    used.map((split) => [
      split,
      takeTurns({ texts: texts[split], voices: voices[split], voicePool: { split, seed, shares } }),
    ]),
  ) as Record<Split, (index: number) => Turn>;
  const share = used.length === 1 ? Number(used[0] === "validation") : buildShares(shares).validation;
  return (index) => {
    const before = Math.floor(index * share + 0.5);
    const isValidation = Math.floor((index + 1) * share + 0.5) > before;
    return isValidation
      ? { ...turns.validation(before), split: "validation" }
      : { ...turns.train(index - before), split: "train" };
  };
}

/** Voices that a set's clips reuse, by split; undefined where they are drawn. */
function voicesFor(
  kind: SpokenSet["kind"],
  { seed, shares, positives }: TurnContext,
): Record<Split, readonly VoiceParameters[] | undefined> {
  if (kind === "foreign") {
    const splits = partition(OTHER_LANGUAGES, { seed: `${seed}/languages`, shares: buildShares(shares) });
    const foreign = (split: Split): VoiceParameters[] =>
      inOtherLanguages(
        positives[split],
        OTHER_LANGUAGES.filter((language) => splits.get(language) === split),
      );
    return { train: foreign("train"), validation: foreign("validation") };
  }
  const given = (split: Split): readonly VoiceParameters[] | undefined =>
    kind === "positive" || positives[split].length === 0 ? undefined : positives[split];
  return { train: given("train"), validation: given("validation") };
}
