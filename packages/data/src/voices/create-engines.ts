import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import * as z from "zod";
import type { HubOptions } from "./engines/download-model-folder.ts";
import type { WeightedEngine } from "./draw-utterance.ts";
import { type EngineConfig, engineConfig } from "../config/engine-config.ts";
import { createEspeakEngine } from "./engines/espeak/espeak.ts";
import { createFliteEngine } from "./engines/flite.ts";
import { createGnuspeechEngine } from "./engines/gnuspeech/gnuspeech.ts";
import { createPicoEngine } from "./engines/pico/pico.ts";
import type { SpeechEngine } from "./speech-engine.ts";
import { createVitsEngine } from "./engines/vits/vits.ts";
import { createWaveglowEngine } from "./engines/waveglow/waveglow.ts";

/** Hub and cache of models. */
export interface EngineEnvironment {
  readonly hub?: Omit<HubOptions, "revision"> | undefined;
  readonly cacheDir?: string | undefined;
  /** Environment variables: CALLSIGN_ASSETS and those for downloads. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Creates the engines of a config, with their weights. Each may be listed once; VITS models with different names are different
 * engines.
 * @throws CallsignError `CONFIG_INVALID`, `DEPENDENCY_MISSING`, `MODEL_NOT_FOUND`, `MODEL_INVALID`, `DOWNLOAD_FAILED`
 */
export async function createSpeechEngines(
  input: readonly z.input<typeof engineConfig>[],
  environment: EngineEnvironment = {},
): Promise<WeightedEngine[]> {
  const configs = parseStrict(z.array(engineConfig).min(1), input, {
    name: "engines",
    code: "CONFIG_INVALID",
  });
  const opened: WeightedEngine[] = [];
  try {
    for (const config of configs) {
      const engine = await createEngine(config, environment);
      const isTwice = opened.some((other) => other.engine.id === engine.id);
      opened.push({ engine, weight: config.weight });
      if (isTwice)
        throw new CallsignError(
          "CONFIG_INVALID",
          `engines: ${engine.id} is listed twice; expected each engine once, so remove one entry`,
        );
    }
    return opened;
  } catch (error) {
    await Promise.allSettled(opened.map(({ engine }) => engine.dispose()));
    throw error;
  }
}

async function createEngine(
  config: EngineConfig,
  { hub, cacheDir, env }: EngineEnvironment,
): Promise<SpeechEngine> {
  switch (config.kind) {
    case "flite":
      return createFliteEngine();
    case "espeak":
      return createEspeakEngine(config);
    case "pico":
      return createPicoEngine({
        ...(config.model !== undefined && { model: config.model }),
        ...(cacheDir !== undefined && { cacheDir }),
        ...(env && { env }),
        ...(hub?.fetch && { fetch: hub.fetch }),
        ...(hub?.signal && { signal: hub.signal }),
      });
    case "gnuspeech":
      return createGnuspeechEngine();
    case "vits": {
      const { kind: _kind, weight: _weight, licence, ...rest } = config;
      return createVitsEngine({
        ...hub,
        ...rest,
        ...(licence !== undefined && { licence }),
        ...(cacheDir !== undefined && { cacheDir }),
      });
    }
    case "waveglow": {
      const { kind: _kind, weight: _weight, licence, ...rest } = config;
      return createWaveglowEngine({
        ...rest,
        createSession: createNodeSession(),
        ...(licence !== undefined && { licence }),
      });
    }
    default:
      return config satisfies never;
  }
}
