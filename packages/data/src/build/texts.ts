import { join } from "node:path";

import type { DataConfig } from "../config.ts";
import { drawNegativeTexts, NEGATIVE_KINDS, type NegativeKind } from "../negatives/negative-texts.ts";
import { loadPronunciations } from "../negatives/pronunciations.ts";
import { createSoundIndex } from "../negatives/sound-index.ts";
import { createRandom } from "../random.ts";
import { spokenText } from "../text/spoken-text.ts";
import { startWorkers } from "../workers/worker-pool.ts";
import type { BuildContext } from "./build-context.ts";
import { BUILD_FILES, readJson, sha256Of, writeJson } from "./build-folder.ts";
import { type ClipKind, slug } from "./clip-set.ts";

/** Clips to be spoken: clip `i` says text `i` modulo their number. */
export interface SpokenSet {
  readonly id: string;
  readonly kind: ClipKind;
  /** In the manifest: the phrase's label, or the kind of negative. */
  readonly label: string;
  readonly texts: readonly string[];
  readonly count: number;
}

/** Stage `texts`: every text that is to be spoken, positives first. Drawn once and kept in texts.json. */
export async function decideTexts(context: BuildContext): Promise<readonly SpokenSet[]> {
  const { config, out, onNote, signal } = context;
  const path = join(out, BUILD_FILES.texts);
  const { seed, labels } = config;
  const key = sha256Of({ version: 2, seed, labels, negatives: config.data.negatives });
  const found = (await readJson(path)) as { key: string; negatives: SpokenSet[] } | undefined;
  const isKept = found?.key === key && Array.isArray(found.negatives);
  const negatives = isKept ? found.negatives : await drawInThread(config, signal);
  if (!isKept) await writeJson(path, { key, negatives });
  for (const { kind, clips } of wantedNegatives(config))
    if (clips > 0 && !negatives.some((set) => set.kind === kind))
      onNote?.(`texts: there are no texts of kind ${kind} for these phrases; ${clips} clips were asked for`);
  return [...positiveSets(config), ...negatives];
}

/** The same without keeping anything: for a dry run. */
export async function planTexts({ config }: Pick<BuildContext, "config">): Promise<readonly SpokenSet[]> {
  return [...positiveSets(config), ...(await drawNegatives(config))];
}

/** Sets of the same sizes with texts of the usual length in place of those to be drawn: for estimates. */
export function expectedSets(config: Pick<DataConfig, "labels" | "data">): readonly SpokenSet[] {
  const negatives = wantedNegatives(config).filter(({ clips }) => clips > 0);
  return [
    ...positiveSets(config),
    ...negatives.map(({ kind, clips }) => ({
      id: kind,
      kind,
      label: kind,
      texts: [kind === "sentence" || kind === "random-words" ? "x".repeat(30) : "x".repeat(12)],
      count: clips,
    })),
  ];
}

function positiveSets({ labels, data }: Pick<DataConfig, "labels" | "data">): SpokenSet[] {
  const count = data.positives.clipsPerPhrase;
  if (count === 0) return [];
  return labels.map(({ label, phrases }) => ({
    id: `positive-${slug(label)}`,
    kind: "positive",
    label,
    texts: phrases.map(spokenText),
    count: count * phrases.length,
  }));
}

/** The dictionary and its index take half a gigabyte, which a build that goes on for hours should not keep. */
async function drawInThread(config: DataConfig, signal: AbortSignal | undefined): Promise<SpokenSet[]> {
  if (wantedNegatives(config).every(({ clips }) => clips === 0)) return [];
  const pool = startWorkers<DataConfig, SpokenSet[]>({
    from: import.meta.url,
    module: "./texts-worker",
    data: undefined,
    workers: 1,
    what: "texts",
  });
  try {
    return await pool.run(config, signal);
  } finally {
    await pool.dispose();
  }
}

function wantedNegatives({
  data: { negatives },
}: Pick<DataConfig, "data">): { kind: NegativeKind; clips: number }[] {
  const { sentences, nearMisses, partial, swapped, randomWords, foreign, own, clipsPerOwn } = negatives;
  const clips: Record<NegativeKind, number> = {
    "near-miss": nearMisses.clips,
    partial: partial.clips,
    swapped: swapped.clips,
    user: own.length * clipsPerOwn,
    sentence: sentences.clips,
    "random-words": randomWords.clips,
    foreign: foreign.clips,
  };
  return NEGATIVE_KINDS.map((kind) => ({ kind, clips: clips[kind] }));
}

/** What is to be said beside the phrases. */
export async function drawNegatives(config: DataConfig): Promise<SpokenSet[]> {
  const wanted = wantedNegatives(config).filter(({ clips }) => clips > 0);
  if (wanted.length === 0) return [];
  const { nearMisses, partial, swapped, sentences, randomWords, foreign, own } = config.data.negatives;
  const pronunciations = await loadPronunciations();
  const texts = drawNegativeTexts(
    config.labels.flatMap(({ phrases }) => phrases.map(spokenText)),
    {
      counts: {
        nearMisses: nearMisses.clips > 0 ? nearMisses.textsPerPhrase : 0,
        partial: partial.clips > 0 ? partial.textsPerPhrase : 0,
        swapped: swapped.clips,
        sentences: sentences.clips,
        randomWords: randomWords.clips,
        foreign: foreign.clips,
      },
      user: own.map(spokenText),
      pronunciations,
      index: createSoundIndex(pronunciations),
      random: createRandom(config.seed).fork("texts"),
    },
  );
  return wanted.flatMap(({ kind, clips }) => {
    const ofKind = texts.filter((text) => text.kind === kind).map(({ text }) => text);
    return ofKind.length === 0 ? [] : [{ id: kind, kind, label: kind, texts: ofKind, count: clips }];
  });
}
