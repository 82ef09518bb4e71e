import { readFileSync } from "node:fs";
import { CallsignError } from "@callsign/audio/internal";
import { nameOfPhrases } from "@callsign/train/internal";
import { parse, stringify } from "yaml";

/** A config of the second act, with the name of its folder. */
export interface NewWord {
  readonly name: string;
  readonly labels: readonly string[];
  /** YAML. */
  readonly text: string;
  /** The same voices and words with the augmentation of a conversation in an ordinary room. */
  readonly conversation: string;
}

/** `configs/start.yaml`, or the same for other phrases. @throws CallsignError `INVALID_ARGUMENT` for a phrase that is an option */
export function newWord(file: string, phrases: readonly string[]): NewWord {
  for (const phrase of phrases)
    if (phrase.startsWith("-"))
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `npm start: expected phrases to detect, such as npm start -- "hey nimbus", got ${phrase}`,
      );
  const config = parse(readFileSync(file, "utf8")) as Config;
  if (phrases.length > 0) {
    config.name = `start-${nameOfPhrases(phrases)}`;
    config.labels = phrases.map((phrase) => ({ label: phrase.toLowerCase(), phrases: [phrase] }));
  }
  const { name, labels, data } = config;
  return {
    name,
    labels: labels.map(({ label }) => label),
    text: stringify(config),
    conversation: stringify({ ...config, data: { ...data, augmentation: ORDINARY_ROOM } }),
  };
}

interface Config {
  name: string;
  labels: { readonly label: string; readonly phrases: readonly string[] }[];
  readonly data: object;
}

/** People at a table: their voices as they are, some reverberation, a little noise, a good level. */
export const ORDINARY_ROOM = {
  speed: { probability: 0 },
  timeScale: { probability: 0 },
  pitch: { probability: 0 },
  formants: { probability: 0 },
  room: { probability: 1, reverberationSeconds: [0.15, 0.35] },
  noise: { probability: 1, snrDb: [20, 20] },
  babble: { probability: 0 },
  loudspeaker: { probability: 0 },
  compressor: { probability: 0 },
  clipping: { probability: 0 },
  telephone: { probability: 0 },
  opus: { probability: 0 },
  equalizer: { probability: 0 },
  gain: { probability: 1, peakDbfs: [-3, -3] },
};
