import { isFamiliar } from "./familiar-words.ts";
import { analyzePhrase, phraseDistance } from "./phrase-analysis.ts";
import type { Pronunciations } from "./phonetics/pronunciations.ts";
import { sameToTheEar } from "./target-phrases.ts";

/** Reason why a phrase may make a poor command, with a message for the user. */
export interface PhraseConcern {
  /** `short`: little to go by. `common`: said in ordinary talk. `near`: two phrases sound alike. `guessed`: its sound is not in the dictionary. */
  readonly kind: "short" | "common" | "near" | "guessed";
  /** The phrase, or both of a pair. */
  readonly phrases: readonly string[];
  readonly message: string;
}

/**
 * Reasons why phrases make poor commands, in the order of the phrases, with pairs of phrases last.
 * @throws CallsignError INVALID_ARGUMENT for a phrase without Latin letters or digits
 */
export function phraseConcerns(phrases: readonly string[], pronunciations: Pronunciations): PhraseConcern[] {
  const alone = phrases.flatMap((phrase) => concernsOf(phrase, pronunciations));
  const pairs = phrases.flatMap((first, i) =>
    phrases.slice(i + 1).flatMap((second) => nearness([first, second], pronunciations)),
  );
  return [...alone, ...pairs];
}

/** Most words of ordinary talk have one or two syllables, so few of them resemble a command of three. */
const FEWEST_SYLLABLES = 3;
/** Longer phrases of everyday words are seldom said by chance. */
const MOST_COMMON_WORDS = 2;
/** As `PhraseDistance.perPhoneme` has it. */
const MISHEARD_BELOW = 0.2;

function concernsOf(phrase: string, pronunciations: Pronunciations): PhraseConcern[] {
  const { words, syllables, pronunciation, guessed } = analyzePhrase(phrase, pronunciations);
  const concerns: PhraseConcern[] = [];
  const add = (kind: PhraseConcern["kind"], message: string): void =>
    void concerns.push({ kind, phrases: [phrase], message: `"${phrase}" ${message}` });
  if (syllables < FEWEST_SYLLABLES)
    add(
      "short",
      `is short: ${count(syllables, "syllable")} (${pronunciation}), and parts of other words sound like it; ` +
        `with ${FEWEST_SYLLABLES} or more it is heard more reliably`,
    );
  if (words.length <= MOST_COMMON_WORDS && words.every((word) => isFamiliar(word, pronunciations)))
    concerns.push({
      kind: "common",
      phrases: [phrase],
      message: `people say "${phrase}" in ordinary talk, and the detector will fire each time; a name or a rare word in front of it helps`,
    });
  if (guessed.length > 0)
    add(
      "guessed",
      `is not in the pronunciation dictionary (${guessed.join(", ")}); its likeliest pronunciation is ${pronunciation}. ` +
        `If that is wrong, set pronunciations in the config`,
    );
  return concerns;
}

function nearness(
  [first, second]: readonly [string, string],
  pronunciations: Pronunciations,
): PhraseConcern[] {
  const { perPhoneme, contained } = phraseDistance([first, second], pronunciations);
  const shorter = Math.min(
    ...[first, second].map((phrase) => analyzePhrase(phrase, pronunciations).phonemes),
  );
  const near = (message: string): PhraseConcern[] => [{ kind: "near", phrases: [first, second], message }];
  if (perPhoneme < MISHEARD_BELOW)
    return near(
      `"${first}" and "${second}" sound alike (distance ${perPhoneme.toFixed(2)} a phoneme, below ${MISHEARD_BELOW}): one will be taken for the other`,
    );
  if (contained < sameToTheEar(shorter))
    return near(
      `one of "${first}" and "${second}" is heard inside the other: saying the longer will fire both`,
    );
  return [];
}

const count = (number: number, unit: string): string => `${number} ${unit}${number === 1 ? "" : "s"}`;
