import {
  CALLSIGN_EMBEDDING,
  chooseEmbedding,
  type ChosenEmbedding,
  SPEECH_EMBEDDING,
} from "@callsign/infer/node/internal";

import { createSpeechEngines } from "../voices/create-engines.ts";
import type { WeightedEngine } from "../voices/draw-utterance.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type BuildContext, fromBase } from "./build-context.ts";

/** Opens the speech engines of a build's config, or some of them; models of a hub are downloaded. @throws as `createSpeechEngines` */
export function openEngines(
  context: BuildContext,
  configs: readonly EngineConfig[] = context.config.data.engines,
): Promise<WeightedEngine[]> {
  const { cacheDir, env, hub, signal } = context;
  const access = hub && {
    hubUrl: hub.endpoint,
    fetch: hub.fetch,
    ...(hub.token !== undefined && { accessToken: hub.token }),
    ...(signal && { signal }),
  };
  const engines = configs.map((engine) => locateModel(engine, context));
  return createSpeechEngines(engines, { cacheDir, env, hub: access });
}

/** Resolves a model given as `./folder` or `../folder` from the config's folder; other names may be a hub's. */
export function locateModel(engine: EngineConfig, { baseDir }: Pick<BuildContext, "baseDir">): EngineConfig {
  if (!("model" in engine) || !/^\.{1,2}[/\\]/.test(engine.model ?? "")) return engine;
  return { ...engine, model: fromBase(engine.model!, { baseDir }) };
}

/** Embedding that a build's config names. @throws CallsignError as `chooseEmbedding` */
export function locateEmbedding({
  config,
  env,
  cacheDir,
  signal,
  onNote,
  baseDir,
}: BuildContext): Promise<ChosenEmbedding> {
  const { embedding } = config.frontend;
  const wanted = EMBEDDING_NAMES.has(embedding) ? embedding : fromBase(embedding, { baseDir });
  return chooseEmbedding(wanted, { env, cacheDir, onNote, ...(signal && { signal }) });
}

const EMBEDDING_NAMES: ReadonlySet<string> = new Set(["auto", SPEECH_EMBEDDING.id, CALLSIGN_EMBEDDING.id]);
