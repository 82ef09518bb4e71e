import { CallsignError } from "@callsign/audio/internal";
import type { Random } from "../random.ts";
import type { SpeechEngine, VoiceParameters } from "./speech-engine.ts";
import { drawFromPool, type VoicePool } from "./voice-pool.ts";

/** An engine with its weight, in any scale. */
export interface WeightedEngine {
  readonly engine: SpeechEngine;
  readonly weight: number;
}

/** A text with its voice: everything needed to make the clip. */
export interface Utterance {
  readonly text: string;
  readonly voice: VoiceParameters;
}

/**
 * Draws an engine by weight and one of its voices, from `voicePool` if given. If `voices` are given, draws one of those
 * instead, unchanged, so that negatives have the voices of the positives.
 * @throws CallsignError `CONFIG_INVALID` if no engine has a voice in the pool
 */
export function drawUtterance(
  text: string,
  { random, engines, voices, voicePool }: UtteranceDraw,
): Utterance {
  if (voices !== undefined) return { text, voice: random.choice(voices) };
  if (voicePool !== undefined) return { text, voice: drawFromPool(voicePool, { random, engines }) };
  const { engine } = random.weightedChoice(
    engines,
    engines.map(({ weight }) => weight),
  );
  return { text, voice: engine.drawVoice(random) };
}

/** Choices that an utterance is drawn from. */
export interface UtteranceDraw {
  readonly random: Random;
  readonly engines: readonly WeightedEngine[];
  readonly voices?: readonly VoiceParameters[] | undefined;
  /** Split that the voice is drawn from. Default: all voices. */
  readonly voicePool?: VoicePool | undefined;
}

/** The engine that a voice was drawn from. @throws CallsignError `INVALID_ARGUMENT` */
export function engineOf(voice: VoiceParameters, engines: readonly WeightedEngine[]): SpeechEngine {
  const found = engines.find(({ engine }) => engine.id === voice.engine);
  if (found) return found.engine;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `${voice.voice}: needs the engine ${voice.engine}; configured are ${engines.map(({ engine }) => engine.id).join(", ")}`,
  );
}
