import type { Audio } from "@callsign/audio/internal";
import type { Random } from "../random.ts";

/** One speaker an engine can be, before rate, pitch and the like are drawn. */
export interface Voice {
  /** `engine/speaker`, unique over all engines; splits are disjoint by it. */
  readonly id: string;
  /** BCP 47, as far as the engine says: `en`, `en-US`, `en-GB-scotland`. */
  readonly language: string;
}

/**
 * Everything that, with the text, decides the bytes of a clip: the voice and what was drawn around it. Plain JSON, and
 * recorded in the manifest, so a clip can be made again from its line.
 */
export interface VoiceParameters {
  readonly engine: string;
  /** A `Voice.id`. */
  readonly voice: string;
  readonly [parameter: string]: string | number;
}

/**
 * A speech synthesizer. The same text and voice parameters give the same bytes, in whatever order and process they are
 * asked for (`deterministic` says when an engine cannot promise that).
 */
export interface SpeechEngine {
  readonly id: string;
  /** Licence of the program and of the voices it speaks with, for the data card. */
  readonly licence: string;
  readonly deterministic: boolean;
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
    options?: { readonly signal?: AbortSignal },
  ): Promise<Audio>;
  dispose(): Promise<void>;
}

/** Two decimals: what is drawn is what the manifest shows and the engine is given. */
export const roundParameter = (value: number): number => Math.round(value * 100) / 100;
