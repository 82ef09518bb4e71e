import { stat } from "node:fs/promises";
import { basename } from "node:path";

import { CallsignError } from "@callsign/audio/internal";

import type { SourceConfig } from "../../sources/create-source.ts";
import type { FeaturesConfig } from "../../sources/features.ts";
import type { Split } from "../../split.ts";
import { type BuildContext, fromBase } from "../build-context.ts";
import { type ClipKind, slug } from "../../store/clip-set.ts";

/** A corpus as the build reads it. */
export interface CorpusSet {
  readonly id: string;
  readonly kind: ClipKind;
  readonly source: SourceConfig;
  /** Role in the config; `labelled` is derived from it. */
  readonly role: "auto" | "negative" | "labelled";
  readonly labelled: boolean;
  readonly split: "auto" | Split;
  readonly clean: boolean;
  readonly copies: number;
}

/** Precomputed features as the build reads them. */
export interface FeatureSet {
  readonly id: string;
  readonly source: FeaturesConfig;
  readonly split: "auto" | Split;
}

/** Precomputed features of a config. */
export const featureSets = ({ config }: Pick<BuildContext, "config">): FeatureSet[] =>
  config.data.corpora.flatMap(({ source, split }) =>
    source.kind === "features" ? [{ id: `corpus-${slug(nameOf(source))}`, source, split }] : [],
  );

/** Every corpus, noise and impulse response folder of a config. @throws CallsignError `CONFIG_INVALID` where two have one name */
export function corpusSets({ config }: Pick<BuildContext, "config">): CorpusSet[] {
  const { corpora, noise, impulseResponses } = config.data;
  const sets: Omit<CorpusSet, "id">[] = [
    ...corpora.flatMap(({ source, role, ...rest }) =>
      source.kind === "features"
        ? []
        : {
            ...rest,
            source,
            role,
            kind: source.kind === "clip" ? ("recording" as const) : ("corpus" as const),
            labelled: role === "labelled" || (role === "auto" && source.kind === "clip"),
          },
    ),
    ...noise.map(({ source, ...rest }) => ({
      ...rest,
      source: { kind: "noise" as const, ...source },
      kind: "noise" as const,
      role: "auto" as const,
      labelled: false,
      split: "auto" as const,
    })),
    ...impulseResponses.map((source) => ({
      source: { kind: "impulse-responses" as const, ...source },
      kind: "impulse-response" as const,
      role: "auto" as const,
      labelled: false,
      split: "auto" as const,
      clean: false,
      copies: 0,
    })),
  ];
  const named = sets.map((set) => ({ ...set, id: `${set.kind}-${slug(nameOf(set.source))}` }));
  const all = [...named, ...featureSets({ config })];
  const twice = all.find(({ id }, i) => all.findIndex((other) => other.id === id) !== i);
  if (twice)
    throw new CallsignError(
      "CONFIG_INVALID",
      `data: two sources are called ${JSON.stringify(nameOf(twice.source))}; give one of them another name (source.name)`,
    );
  return named;
}

function nameOf(source: SourceConfig | FeaturesConfig): string {
  if (source.name !== undefined) return source.name;
  if (source.kind === "features") return basename(source.path ?? source.file ?? source.repository!, ".npy");
  if (source.kind !== "common-voice") return basename(source.path);
  return `common-voice-${source.language}-${source.subset}`;
}

/**
 * Checks that the files and folders of a corpus exist, before hours of synthesis.
 * @throws CallsignError `FILE_NOT_FOUND`
 */
export async function findCorpus(context: BuildContext, { id, source }: CorpusSet): Promise<void> {
  if (source.path === undefined) return;
  for (const path of source.kind === "clip" ? [source.path, source.truth] : [source.path]) {
    const found = fromBase(path, context);
    await stat(found).catch((cause: unknown) => {
      const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
      const what = isMissing ? "no such file or folder" : "cannot be read";
      const origin = context.originOf?.(id) ?? `named by ${id} in the config`;
      throw new CallsignError("FILE_NOT_FOUND", `${found}: ${what}, ${origin}`, { cause });
    });
  }
}

/** Source with resolved paths and, for Common Voice, without clips that contain the detector's phrases. */
export function locateSource(context: BuildContext, source: SourceConfig): SourceConfig {
  if (source.kind === "clip")
    return { ...source, path: fromBase(source.path, context), truth: fromBase(source.truth, context) };
  if (source.kind !== "common-voice") return { ...source, path: fromBase(source.path, context) };
  const phrases = context.config.labels.flatMap((label) => label.phrases);
  return {
    ...source,
    excludePhrases: [...source.excludePhrases, ...phrases],
    ...(source.path !== undefined && { path: fromBase(source.path, context) }),
  };
}
