import { CallsignError } from "@callsign/audio/internal";

import type { VoiceParameters } from "./speech-engine.ts";
import type { Turn } from "./synthesize-clips.ts";

/** Texts, and voices: given ones in turn, or else drawn, from a pool if one is given. */
export interface TurnOptions extends Pick<Turn, "voicePool"> {
  readonly texts: readonly string[];
  readonly voices?: readonly VoiceParameters[] | undefined;
}

/**
 * Turns in which each text is spoken by every voice once before a voice repeats: clip `i` says text `i` modulo their number.
 * @throws CallsignError `INVALID_ARGUMENT` without a text, or with an empty list of voices
 */
export function takeTurns({ texts, voices, voicePool }: TurnOptions): (index: number) => Turn {
  if (texts.length === 0 || voices?.length === 0)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `synthesis: expected at least one ${texts.length === 0 ? "text" : "voice"}, got none`,
    );
  return (index) => {
    const turn = index % texts.length;
    const text = texts[turn]!;
    if (voices === undefined) return { text, voicePool };
    const voiceInTurn = voices[(turn + Math.floor(index / texts.length)) % voices.length]!;
    return { text, voices, voiceInTurn };
  };
}
