import type { Random } from "../random.ts";
import type { AugmentConfig } from "../config/augment-config.ts";
import type { AugmentStep } from "./augment-step.ts";
import { changeSpeed } from "./dsp/change-speed.ts";
import { stretched, toPhraseAudio, type PhraseAudio, type PhraseClip } from "./phrase-audio.ts";
import { shiftFormants } from "./dsp/shift-formants.ts";
import { shiftPitch, timeScale } from "./dsp/time-scale.ts";

/** Options of `augmentVoice`. */
export interface AugmentVoiceOptions {
  readonly config: Pick<AugmentConfig, "speed" | "timeScale" | "pitch" | "formants">;
  readonly random: Random;
}

/** Augments the speaker: speed, time scale, pitch, formants, in this order. The phrase's interval is adjusted. */
export function augmentVoice(
  clip: PhraseClip,
  { config, random }: AugmentVoiceOptions,
): PhraseAudio & { readonly parameters: AugmentStep[] } {
  let audio = toPhraseAudio(clip);
  const parameters: AugmentStep[] = [];
  const { speed, timeScale: time, pitch, formants } = config;
  // One random stream per step, so that changing one step does not change the draws of the others.
  const drawFor = (step: string, chance: number): Random | undefined => {
    const own = random.fork(step);
    return own.next() < chance ? own : undefined;
  };
  const forSpeed = drawFor("speed", speed.probability);
  if (forSpeed !== undefined) {
    const factor = forSpeed.uniform(...speed.factor);
    audio = stretched(audio, { samples: changeSpeed(audio.samples, factor), factor: 1 / factor });
    parameters.push({ step: "speed", factor });
  }
  const forTime = drawFor("time-scale", time.probability);
  if (forTime !== undefined) {
    const factor = forTime.uniform(...time.factor);
    audio = stretched(audio, { samples: timeScale(audio.samples, factor), factor });
    parameters.push({ step: "time-scale", factor });
  }
  const forPitch = drawFor("pitch", pitch.probability);
  if (forPitch !== undefined) {
    const semitones = forPitch.uniform(...pitch.semitones);
    audio = { ...audio, samples: shiftPitch(audio.samples, semitones) };
    parameters.push({ step: "pitch", semitones });
  }
  const forFormants = drawFor("formants", formants.probability);
  if (forFormants !== undefined) {
    const factor = forFormants.uniform(...formants.factor);
    audio = { ...audio, samples: shiftFormants(audio.samples, factor) };
    parameters.push({ step: "formants", factor });
  }
  return { ...audio, parameters };
}
