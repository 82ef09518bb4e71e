import { join } from "node:path";

import type { DataConfig } from "../../config/config.ts";
import { spokenText } from "../../text/spoken-text.ts";
import { buildShares } from "../../split.ts";
import { createPool } from "../../workers/pool.ts";
import type { BuildContext } from "../build-context.ts";
import { BUILD_FILES, readJson, sha256Of, writeJson } from "../../store/build-folder.ts";
import { slug } from "../../store/clip-set.ts";
import { type DrawnTexts, drawTexts, type SpokenSet, wantedNegatives } from "./draw-texts.ts";

/** Stage `texts`: draws all texts to speak, positives first, and keeps them in texts.json. */
export async function decideTexts(context: BuildContext): Promise<readonly SpokenSet[]> {
  const { config, out, onNote, signal } = context;
  const path = join(out, BUILD_FILES.texts);
  const { seed, labels, pronunciations } = config;
  const { negatives: wanted, splits } = config.data;
  const shares = buildShares(splits);
  const key = sha256Of({ version: 3, seed, labels, pronunciations, negatives: wanted, shares });
  const found = (await readJson(path)) as ({ key: string } & DrawnTexts) | undefined;
  const isKept = found?.key === key && Array.isArray(found.negatives);
  const drawn = isKept ? found : await drawInThread(config, signal);
  const { sounds, negatives } = drawn;
  if (!isKept) await writeJson(path, { key, sounds, negatives });
  for (const { kind, clips } of wantedNegatives(config))
    if (clips > 0 && !negatives.some((set) => set.kind === kind))
      onNote?.(`texts: there are no texts of kind ${kind} for these phrases; ${clips} clips were asked for`);
  return setsOf(config, drawn);
}

/** All sets. Texts in other languages (kind `foreign`) have no English pronunciations. */
function setsOf(config: DataConfig, { sounds, negatives }: DrawnTexts): SpokenSet[] {
  const isPlain = Object.keys(sounds).length === 0;
  return [...positiveSets(config), ...negatives].map((set) =>
    isPlain || set.kind === "foreign" ? set : { ...set, sounds },
  );
}

/** Draws the same texts without writing a file, for a dry run. */
export async function planTexts({ config }: Pick<BuildContext, "config">): Promise<readonly SpokenSet[]> {
  return setsOf(config, await drawTexts(config));
}

/** Sets of the same sizes with placeholder texts of typical length, for estimates. */
export function expectedSets(config: Pick<DataConfig, "labels" | "data">): readonly SpokenSet[] {
  const negatives = wantedNegatives(config).filter(({ clips }) => clips > 0);
  return [
    ...positiveSets(config),
    ...negatives.map(({ kind, clips }) => ({
      id: kind,
      kind,
      label: kind,
      texts: inBoth(["x".repeat(kind === "sentence" || kind === "random-words" ? 30 : 12)]),
      count: clips,
    })),
  ];
}

const inBoth = (texts: readonly string[]): SpokenSet["texts"] => ({ train: texts, validation: texts });

function positiveSets({ labels, data }: Pick<DataConfig, "labels" | "data">): SpokenSet[] {
  const count = data.positives.clipsPerPhrase;
  if (count === 0) return [];
  return labels.map(({ label, phrases }) => ({
    id: `positive-${slug(label)}`,
    kind: "positive",
    label,
    texts: inBoth(phrases.map(spokenText)),
    count: count * phrases.length,
  }));
}

/** Draws in a thread, since the dictionary and its index take half a gigabyte that a long build should not keep. */
async function drawInThread(config: DataConfig, signal: AbortSignal | undefined): Promise<DrawnTexts> {
  if (expectedSets(config).length === 0) return { sounds: {}, negatives: [] };
  const pool = createPool("texts", { setup: undefined, workers: 1 });
  try {
    return await pool.run(config, signal);
  } finally {
    await pool.dispose();
  }
}
