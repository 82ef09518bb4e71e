import type { Audio } from "@callsign/audio/internal";

/** Percent of espeak-ng's own level, at which one clip in thirty is cut off at full scale. */
export const VOLUME = 60;

/** Request to espeak-ng, as a package or as a program. */
export interface EspeakRequest {
  readonly text: string;
  /** `en-us`, or with a variant `en-us+f3`. */
  readonly speaker: string;
  /** Words a minute, 80-450. */
  readonly rate: number;
  /** 0-99. */
  readonly pitch: number;
  /** Pitch range, 0-100; 50 is espeak's default. Only the package supports it. */
  readonly range?: number;
  /** Pause between words in units of 10 ms. Only the program can. */
  readonly wordGap?: number;
  /** Pronunciations of some words, as espeak-ng's phoneme names separated by spaces. */
  readonly words?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One way to espeak-ng: the package in this process, or the installed program. */
export interface EspeakBackend {
  readonly kind: "package" | "program";
  /** False if espeak-ng seeds its breath noise by the clock, so that output differs between runs. */
  readonly deterministic: boolean;
  /** Names under voices/!v that this copy has. */
  readonly variants: ReadonlySet<string>;
  speak(request: EspeakRequest): Promise<Audio>;
  /** IPA: words separated by spaces or new lines, the phonemes of a word by `_`. */
  transcribe(request: Pick<EspeakRequest, "text" | "speaker" | "words" | "signal">): Promise<string>;
}
