import { basename, resolve } from "node:path";
import { CallsignError, INT16_SCALE, type Audio } from "@callsign/audio/internal";
import { parseStrict, type SessionFactory, type Tensor } from "@callsign/infer/internal";
import * as z from "zod";
import { createRandom, type Random } from "../../../random.ts";
import { roundParameter, type SpeechEngine } from "../../speech-engine.ts";
import { replaceWords } from "../../../text/spoken-text.ts";
import { speakableText } from "../../../text/speakable-text.ts";
import { synthesisFailed, throwIfAborted } from "../../synthesis-error.ts";
import { floatData } from "./float-data.ts";
import { tacotronSymbols } from "./tacotron-symbols.ts";
import { decodeMel, type Mel } from "./tacotron-decode.ts";
import { loadWaveglow, type WaveglowSessions } from "./graphs.ts";

/**
 * Tacotron 2 and WaveGlow, from four ONNX graphs: one natural voice (LJ Speech) whose reading differs with the seed.
 * @throws CallsignError `MODEL_NOT_FOUND`, `MODEL_INVALID`, `SESSION_FAILED`
 */
export async function createWaveglowEngine(options: WaveglowOptions): Promise<SpeechEngine> {
  const {
    model,
    createSession,
    sigma = SIGMA,
    licence = "BSD-3-Clause (NVIDIA); voice: LJ Speech, public domain",
  } = options;
  const sessions = await loadWaveglow(model, createSession);
  const voice = `waveglow/${basename(resolve(model))}` as const;
  return {
    id: "waveglow",
    licence,
    deterministic: true,
    takesSounds: true,
    voices: () => [{ id: voice, language: "en-US" }],
    drawVoice: (random) => ({
      engine: "waveglow",
      voice,
      sigma: roundParameter(random.uniform(...sigma)),
      seed: random.integer(0, MOST_SEED),
    }),
    async synthesize(text, parameters, { signal, sounds = {} } = {}) {
      const spoken = speakableText(text, { engine: "waveglow" });
      const drawn = parseStrict(VOICE, parameters, { name: "waveglow voice", code: "INVALID_ARGUMENT" });
      if (drawn.voice !== voice) {
        throw new CallsignError("INVALID_ARGUMENT", `waveglow voice: expected ${voice}, got ${drawn.voice}`);
      }
      throwIfAborted(signal, "waveglow");
      const random = createRandom(drawn.seed);
      const said = replaceWords(spoken, (word) =>
        Object.hasOwn(sounds, word) ? `{${sounds[word]!}}` : word,
      );
      const mel = await decodeMel(sessions, tacotronSymbols(said), {
        text: spoken,
        random: random.fork("prenet"),
        signal,
      });
      return vocode(sessions, mel, { sigma: drawn.sigma, random: random.fork("z"), text: spoken });
    },
    async dispose() {
      await Promise.all(Object.values(sessions).map((session) => session.dispose()));
    },
  };
}

/** Files of the four graphs, and the session factory that runs them. */
export interface WaveglowOptions {
  /** Folder with encoder.onnx, decoder_iter.onnx, postnet.onnx, waveglow.onnx. */
  readonly model: string;
  readonly createSession: SessionFactory;
  /** Range of the noise's standard deviation; 0 is a dull monotone, above 1 is hoarse. Default 0.6 to 0.9. */
  readonly sigma?: readonly [number, number];
  readonly licence?: string;
}

/** WaveGlow is trained with 1 and spoken with 0.6 (its paper, and --sigma-infer of the export) to 0.9. */
const SIGMA = [0.6, 0.9] as const;
const MOST_SEED = 2 ** 31 - 1;

/** Of the LJ Speech models. */
const SAMPLE_RATE_HZ = 22_050;
/** Samples a mel frame becomes: the stride of WaveGlow's upsampling. */
const HOP_LENGTH = 256;
/** Samples WaveGlow makes at a time, the channels of z (n_group). */
const GROUP = 8;

const VOICE = z.strictObject({
  engine: z.literal("waveglow"),
  voice: z.string(),
  sigma: z.number().min(0).max(2),
  seed: z.int().min(0).max(MOST_SEED),
});

interface Vocoding {
  readonly sigma: number;
  readonly random: Random;
  readonly text: string;
}

async function vocode(
  { waveglow }: WaveglowSessions,
  mel: Mel,
  { sigma, random, text }: Vocoding,
): Promise<Audio> {
  const groups = (mel.frames * HOP_LENGTH) / GROUP;
  const hiss = new Float32Array(GROUP * groups);
  for (let i = 0; i < hiss.length; i++) hiss[i] = sigma * random.normal();
  // Exports for TensorRT before 2020 convolve in 2-D and have a last axis of 1.
  const shaped = (input: string, data: Float32Array, dims: readonly number[]): Tensor => {
    const axes = waveglow.inputs.find(({ name }) => name === input)!.dims.length;
    return { data, dims: axes === 4 ? [...dims, 1] : dims };
  };
  const { audio } = await waveglow.run({
    mel: shaped("mel", mel.data, [1, mel.bins, mel.frames]),
    z: shaped("z", hiss, [1, GROUP, groups]),
  });
  const samples = floatData(audio, "audio").slice(0, mel.spokenFrames * HOP_LENGTH);
  let peak = 1;
  for (const sample of samples) {
    if (!Number.isFinite(sample))
      throw synthesisFailed({ engine: "waveglow", text, reason: "the audio is not finite" });
    peak = Math.max(peak, Math.abs(sample));
  }
  // Audio above full scale is scaled down, not clipped.
  const scale = (INT16_SCALE - 1) / INT16_SCALE / peak;
  return { samples: samples.map((sample) => sample * scale), sampleRateHz: SAMPLE_RATE_HZ };
}
