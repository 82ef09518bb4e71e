import { createSpeechEngines } from "../voices/create-engines.ts";
import type { WeightedEngine } from "../voices/draw-utterance.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type BuildContext, fromBase } from "./build-context.ts";

/** The speech engines of a build's config, or some of them, their models fetched where they are a hub's. @throws as `createSpeechEngines` */
export function openEngines(
  context: BuildContext,
  configs: readonly EngineConfig[] = context.config.data.engines,
): Promise<WeightedEngine[]> {
  const { cacheDir, hub, signal } = context;
  const access = hub && {
    hubUrl: hub.endpoint,
    fetch: hub.fetch,
    ...(hub.token !== undefined && { accessToken: hub.token }),
    ...(signal && { signal }),
  };
  const engines = configs.map((engine) => locateModel(engine, context));
  return createSpeechEngines(engines, { cacheDir, hub: access });
}

/** A model given as `./folder` or `../folder` lies beside the config; other names may be a hub's. */
export function locateModel(engine: EngineConfig, { baseDir }: Pick<BuildContext, "baseDir">): EngineConfig {
  if (!("model" in engine) || !/^\.{1,2}[/\\]/.test(engine.model)) return engine;
  return { ...engine, model: fromBase(engine.model, { baseDir }) };
}
