import type { Audio } from "@callsign/audio/internal";
import type { Random } from "../random.ts";
import type { SaidSounds } from "./draw-sounds.ts";

/** One speaker of an engine, before rate, pitch and similar parameters are drawn. */
export interface Voice {
  /** `engine/speaker`, unique over all engines; splits are disjoint by it. */
  readonly id: string;
  /**
   * Properties that it shares with other voices of the engine, such as accent and timbre, in the same order for every voice. No
   * value is in two splits, and those of the first voice are in `train`. Default: the id alone.
   */
  readonly parts?: readonly string[];
  /** BCP 47, as far as the engine says: `en`, `en-US`, `en-GB-scotland`. */
  readonly language: string;
}

/**
 * Voice and drawn parameters, which with the text determine the bytes of a clip. Plain JSON, recorded in the manifest, so
 * that a clip can be made again from its line.
 */
export interface VoiceParameters {
  readonly engine: string;
  /** A `Voice.id`. */
  readonly voice: string;
  readonly [parameter: string]: string | number;
}

/**
 * A speech synthesizer. The same text and voice parameters give the same bytes in any order and process, unless
 * `deterministic` is false.
 */
export interface SpeechEngine {
  readonly id: string;
  /** Licence of the program and of the voices it speaks with, for the data card. */
  readonly licence: string;
  readonly deterministic: boolean;
  /** Whether `synthesize` takes pronunciations; other engines get respelled words. Default false. */
  readonly takesSounds?: boolean;
  voices(): readonly Voice[];
  /** Draws a voice and its parameters; the same stream gives the same voice. */
  drawVoice(random: Random): VoiceParameters;
  /**
   * Speaks `text` at the engine's own sample rate, silence at the ends included.
   * @throws CallsignError `INVALID_ARGUMENT` (text or voice), `SYNTHESIS_FAILED`, `ABORTED`
   */
  synthesize(
    text: string,
    voice: VoiceParameters,
    options?: { readonly signal?: AbortSignal; readonly sounds?: SaidSounds },
  ): Promise<Audio>;
  dispose(): Promise<void>;
}

/** Two decimals: what is drawn is what the manifest shows and the engine is given. */
export const roundParameter = (value: number): number => Math.round(value * 100) / 100;
