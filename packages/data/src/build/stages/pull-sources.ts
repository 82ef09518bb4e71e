import { readdir } from "node:fs/promises";

import type { Progress } from "@callsign/infer/internal";

import { createSource } from "../../sources/create-source.ts";
import { type BuildContext, throwIfStopped } from "../build-context.ts";
import { corpusSets, featureSets, locateSource } from "./corpus-sets.ts";
import { locateFeatures } from "./feature-files.ts";
import { locateEmbedding, locateModel, openEngines } from "../locate-models.ts";

/** A model or corpus that a build downloads. */
export interface PulledSource {
  readonly name: string;
  readonly kind: "embedding" | "engine" | "corpus";
  readonly clips?: number;
}

/**
 * Downloads into the cache what a build needs, so that it runs offline: the embedding, the models of speech engines, and the
 * parts of hub corpora that the selection reads.
 * @throws CallsignError as the sources and engines do
 */
export async function* pullSources(context: BuildContext): AsyncGenerator<Progress, PulledSource[]> {
  const pulled: PulledSource[] = [];
  const { path } = await locateEmbedding(context);
  pulled.push({ name: path, kind: "embedding" });
  yield { stage: "pull", done: pulled.length, unit: "sources", note: "embedding" };
  for (const engine of context.config.data.engines.map((one) => locateModel(one, context))) {
    throwIfStopped(context, "pull");
    // Without a model, pico uses its default language files.
    if (engine.kind !== "pico" && !("model" in engine)) continue;
    const { model = engine.kind } = engine;
    if (await isFolder(model)) continue;
    const opened = await openEngines(context, [engine]);
    await Promise.all(opened.map((one) => one.engine.dispose()));
    pulled.push({ name: model, kind: "engine" });
    yield { stage: "pull", done: pulled.length, unit: "sources", note: model };
  }
  for (const { source } of corpusSets(context)) {
    if (source.kind !== "common-voice" || source.repository === undefined) continue;
    // With the build's own selection, since another would read other parts.
    const opened = createSource(locateSource(context, source), { hub: context.hub });
    let clips = 0;
    // Reading a selection downloads it into the cache.
    const reading = opened.clips({ signal: context.signal, onNote: context.onNote });
    while ((await reading.next()).done !== true)
      yield { stage: `pull ${source.repository}`, done: ++clips, total: source.count, unit: "clips" };
    pulled.push({ name: source.repository, kind: "corpus", clips });
  }
  for await (const progress of locateFeatures(context)) yield { ...progress, stage: "pull" };
  for (const { source } of featureSets(context))
    if (source.repository !== undefined) pulled.push({ name: source.repository, kind: "corpus" });
  return pulled;
}

const isFolder = async (path: string): Promise<boolean> =>
  (await readdir(path).catch(() => undefined)) !== undefined;
