import type { Asset, LocatedAsset } from "@callsign/infer/node/internal";
import { CallsignError, closestName } from "@callsign/audio/internal";
import type { Command } from "commander";
import { type CliContext, commandPrefix, printJson } from "../context.ts";
import { ProgressLine } from "../output/progress.ts";

interface JsonFlag {
  readonly json?: boolean;
}

/** Registers `callsign models`: the embeddings that models share. */
export function registerModels(program: Command, context: CliContext): void {
  const models = program
    .command("models")
    .description(
      "List the ready words; list, download and find the files that models share, such as speech embeddings.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  callsign models words\n  callsign models list\n  callsign models pull google-speech-embedding",
    );
  models
    .command("list")
    .description("List the shared files with their paths, or how to get them.")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText("after", "\nExample:\n  callsign models list --json")
    .action((flags: JsonFlag) => list(context, flags));
  models
    .command("words")
    .description("List the ready words, which can be given wherever a model can, with what was measured.")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText("after", "\nExample:\n  callsign models words\n  callsign listen computer")
    .action((flags: JsonFlag) => listWords(context, flags));
  models
    .command("pull")
    .description("Download shared files into the cache; files already there are verified and kept.")
    .argument("[id...]", "ids as `callsign models list` shows them (default: all)")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText("after", "\nExample:\n  callsign models pull google-speech-embedding")
    .action((ids: string[], flags: JsonFlag) => pull(context, { ids, flags }));
  models
    .command("path")
    .description("Print the path of a shared file on this machine.")
    .argument("<id>", "id as `callsign models list` shows it")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText("after", "\nExample:\n  callsign models path google-speech-embedding")
    .action((id: string, flags: JsonFlag) => printPath(context, { id, flags }));
}

/** A shared file, and its path or why it was not found. */
export interface AssetStatus {
  readonly id: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly licence: string;
  readonly url: string | null;
  readonly path: string | null;
  readonly origin: LocatedAsset["origin"] | null;
  readonly problem: string | null;
}

/** Finds every shared file; downloads nothing. */
export async function assetStatuses(env: CliContext["env"]): Promise<AssetStatus[]> {
  const { ASSETS, assetUrl, locateAsset } = await import("@callsign/infer/node/internal");
  const statusOf = async (asset: Asset): Promise<AssetStatus> => {
    const { id, sha256, bytes, licence } = asset;
    const facts = { id, sha256, bytes, licence, url: assetUrl(asset, { env }) ?? null };
    try {
      const located = await locateAsset(asset, { env });
      return { ...facts, path: located?.path ?? null, origin: located?.origin ?? null, problem: null };
    } catch (error) {
      if (!(error instanceof CallsignError)) throw error;
      return { ...facts, path: null, origin: null, problem: error.message };
    }
  };
  return Promise.all(ASSETS.map(statusOf));
}

async function list(context: CliContext, { json }: JsonFlag): Promise<void> {
  const statuses = await assetStatuses(context.env);
  if (json) return printJson(context, statuses);
  for (const { id, bytes, licence, path, origin, problem } of statuses) {
    context.stdout(`${id} (${(bytes / 2 ** 20).toFixed(1)} MiB, ${licence})\n`);
    if (path !== null) context.stdout(`  found: ${path} (${origin})\n`);
    else context.stdout(`  missing: ${problem ?? `${commandPrefix(context.env)} models pull ${id}`}\n`);
  }
}

async function listWords(context: CliContext, { json }: JsonFlag): Promise<void> {
  const { readModelFolder, readyWords } = await import("@callsign/infer/node/internal");
  const words = [];
  for (const [name, folder] of readyWords()) {
    const { labels, training = {}, data = [] } = (await readModelFolder(folder)).card;
    const licences = [...new Set(data.map(({ licence }) => licence))];
    words.push({ name, labels, measured: training["measured"] ?? null, licences });
  }
  if (json) return printJson(context, words);
  if (words.length === 0) context.stdout("no ready words: npm install @callsign/words\n");
  for (const { name, labels } of words) context.stdout(`${name.padEnd(16)} ${labels.join(", ")}\n`);
}

async function pull(
  context: CliContext,
  { ids, flags }: { ids: readonly string[]; flags: JsonFlag },
): Promise<void> {
  const { ASSETS, resolveAsset } = await import("@callsign/infer/node/internal");
  const wanted = ids.length === 0 ? ASSETS : ids.map((id) => assetById(ASSETS, id));
  const progress = new ProgressLine(context);
  const paths: { id: string; path: string }[] = [];
  for (const asset of wanted) {
    try {
      const path = await resolveAsset(asset, {
        env: context.env,
        signal: context.signal,
        onProgress: (event) => progress.update(event),
      });
      paths.push({ id: asset.id, path });
    } finally {
      progress.finish();
    }
    if (!flags.json) context.stdout(`${asset.id}: ${paths.at(-1)!.path}\n`);
  }
  if (flags.json) printJson(context, paths);
}

async function printPath(context: CliContext, { id, flags }: { id: string; flags: JsonFlag }): Promise<void> {
  const { ASSETS, locateAsset } = await import("@callsign/infer/node/internal");
  const asset = assetById(ASSETS, id);
  const located = await locateAsset(asset, { env: context.env });
  if (located === undefined) {
    throw new CallsignError(
      "FILE_NOT_FOUND",
      `${id} is not on this machine; run: ${commandPrefix(context.env)} models pull ${id}`,
    );
  }
  if (flags.json) printJson(context, { id, ...located });
  else context.stdout(`${located.path}\n`);
}

function assetById(assets: readonly Asset[], id: string): Asset {
  const asset = assets.find((candidate) => candidate.id === id);
  if (asset !== undefined) return asset;
  const known = assets.map((candidate) => candidate.id);
  const closest = closestName(id, known);
  const hint = closest === undefined ? "" : ` Did you mean ${closest}?`;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `models: expected one of ${known.join(", ")}, got "${id}".${hint}`,
  );
}
