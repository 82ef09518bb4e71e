import { stat } from "node:fs/promises";
import { basename } from "node:path";

import { CallsignError, parseStrict } from "@callsign/infer";
import { decodeAudio } from "@callsign/infer/node";
import * as z from "zod";

import {
  CLIP_SAMPLE_RATE_HZ,
  type ClipSource,
  watchDamage,
  type ReadClipsOptions,
  type SourceClip,
} from "./clip-source.ts";
import { type ChosenClip, chooseClips, type LayoutContext } from "./common-voice/batch.ts";
import { type OpenCorpus, openHubCorpus, openLocalCorpus } from "./common-voice/open-corpus.ts";
import { ClipSelection } from "./common-voice/selection.ts";
import { FaultTally } from "./fault-tally.ts";
import { DEFAULT_FAULT_SHARE } from "./recording-fields.ts";
import type { HubAccess } from "./hub/hub-access.ts";
import type { HubRepository } from "./hub/hub-files.ts";

/** No sentence takes so long; an mp3 that does is broken. */
const LONGEST_SECONDS = 600;

/** A name that becomes part of a path or an address. */
const plainName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, "expected letters, digits, - and _");

/** Config of Mozilla Common Voice: from a hub (`repository`) or from this machine (`path`). */
export const commonVoiceConfig = z
  .strictObject({
    kind: z.literal("common-voice"),
    /** Dataset on the hub, such as `fixie-ai/common_voice_17_0` (parquet) or `fsicoli/common_voice_17_0` (tar). */
    repository: z
      .string()
      .regex(/^\w[\w.-]*\/\w[\w.-]*$/, "expected a dataset as owner/name")
      .exactOptional(),
    /** Branch, tag or commit of it. */
    revision: z
      .string()
      .regex(/^[\w./-]{1,200}$/, "expected a branch, tag or commit")
      .default("main"),
    /** A corpus on this machine: what Mozilla ships (`cv-corpus-*` folder or tar.gz), or a copy of a repository. */
    path: z.string().min(1).exactOptional(),
    /** As the corpus names it: en, de, zh-CN. */
    language: plainName.default("en"),
    /** Which part of the corpus: train, dev, test, validated, other. */
    subset: plainName.default("train"),
    /** What the manifest calls this source. */
    name: z.string().min(1).max(200).exactOptional(),
    licence: z.string().min(1).max(200).default("CC0-1.0"),
    /** Label of every clip. */
    label: z.string().min(1).max(200).exactOptional(),
    /** Clips wanted. */
    count: z.int().min(1).max(10_000_000).default(1000),
    seed: z.union([z.string(), z.int()]).default(0),
    /** Clips outside these lengths are passed over. Seconds. */
    minSeconds: z.number().min(0).max(LONGEST_SECONDS).default(1),
    maxSeconds: z.number().positive().max(LONGEST_SECONDS).default(15),
    /** Most clips of one speaker. */
    clipsPerSpeaker: z.int().min(1).default(5),
    /** Sentences in which one of these is said are left out; the phrases to be detected belong here. */
    excludePhrases: z.array(z.string().min(1).max(1000)).default([]),
    /** Clips and table lines that cannot be read are left out and named; above this share of them, 0 to 1, the source is refused. */
    mostFaultShare: z.number().min(0).max(1).default(DEFAULT_FAULT_SHARE),
  })
  .refine(({ repository, path }) => (repository === undefined) !== (path === undefined), {
    message: "expected one of repository (on the hub) and path (on this machine)",
  })
  .refine(({ minSeconds, maxSeconds }) => minSeconds <= maxSeconds, {
    message: "expected minSeconds <= maxSeconds",
  });

type CommonVoiceConfig = z.output<typeof commonVoiceConfig>;

/** What reading from a hub needs; a corpus on this machine needs none of it. */
export type HubEnvironment = Omit<HubAccess, "signal"> & Pick<HubRepository, "cacheDir" | "onProgress">;

/** A seeded selection of clips of Mozilla Common Voice, read no further than it takes. Ids are clip names. */
export function createCommonVoiceSource(
  input: z.input<typeof commonVoiceConfig>,
  { hub }: { readonly hub?: HubEnvironment | undefined } = {},
): ClipSource {
  const config = parseStrict(commonVoiceConfig, input, {
    name: "common-voice source",
    code: "CONFIG_INVALID",
  });
  const name = `common-voice ${config.repository ?? config.path ?? ""}`;
  return { name, clips: (options = {}) => readCommonVoice(name, { config, hub }, options) };
}

async function* readCommonVoice(
  name: string,
  { config, hub }: { readonly config: CommonVoiceConfig; readonly hub: HubEnvironment | undefined },
  options: ReadClipsOptions,
): AsyncGenerator<SourceClip> {
  const { signal, onFault, onLeftOut, onNote } = options;
  const selection = new ClipSelection(config);
  const context: LayoutContext = { ...config, selection, signal, onFault };
  const corpus = await openCorpus(config, { hub, context });
  const tally = new FaultTally(name, { mostShare: config.mostFaultShare, onFault });
  const decode = async (bytes: Uint8Array, place: string): Promise<Float32Array> => {
    const damage = watchDamage(options);
    const { samples } = await decodeAudio(bytes, {
      name: place,
      sampleRateHz: CLIP_SAMPLE_RATE_HZ,
      maxSeconds: LONGEST_SECONDS,
      onNote: damage.onNote,
    });
    damage.report();
    return samples;
  };
  const chosen = chooseClips(corpus.layout, { selection, tally, decode, sampleRateHz: CLIP_SAMPLE_RATE_HZ });
  for await (const clip of chosen) {
    if (signal?.aborted)
      throw new CallsignError("ABORTED", `${name}: reading was stopped at ${clip.row.place}`);
    yield describeClip(clip, { config, corpus });
  }
  tally.finish();
  for (const place of selection.withPhrase) onLeftOut?.({ reason: "with-phrase", place });
  const got = config.count - selection.remaining;
  const rules = `${config.minSeconds} to ${config.maxSeconds} s, at most ${config.clipsPerSpeaker} a speaker`;
  if (got === 0)
    throw new CallsignError("CORPUS_EMPTY", `${name}: no clip of ${config.subset} suits (${rules})`);
  if (selection.remaining > 0)
    onNote?.(`${name}: ${got} clips suit (${rules}), ${config.count} were asked for`);
}

async function openCorpus(
  { path, repository, revision }: CommonVoiceConfig,
  { hub, context }: { readonly hub: HubEnvironment | undefined; readonly context: LayoutContext },
): Promise<OpenCorpus> {
  if (path !== undefined) {
    const found = await stat(path).catch((cause: unknown) => {
      throw new CallsignError("FILE_NOT_FOUND", `${path}: no such corpus, neither a folder nor an archive`, {
        cause,
      });
    });
    return openLocalCorpus(path, { ...context, isArchive: found.isFile() });
  }
  if (hub === undefined || repository === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `common-voice ${repository}: how to reach the hub was not given`,
    );
  const { signal } = context;
  return openHubCorpus({ ...hub, repository, revision, signal }, context);
}

function describeClip(
  { row, audio, found }: ChosenClip,
  { config, corpus }: { readonly config: CommonVoiceConfig; readonly corpus: OpenCorpus },
): SourceClip {
  const place = config.repository ?? basename(config.path ?? "");
  return {
    id: row.clip,
    audio,
    ...(config.label !== undefined && { label: config.label }),
    text: row.sentence,
    speaker: `common-voice/${row.speaker}`,
    licence: config.licence,
    source: config.name ?? `common-voice/${config.language}`,
    provenance: {
      corpus: place,
      ...(corpus.revision !== "" && { revision: corpus.revision }),
      subset: config.subset,
      ...found,
    },
  };
}
