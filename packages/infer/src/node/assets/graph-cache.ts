import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FrontendGraph, FRONTEND_GRAPHS_VERSION } from "../../frontend/graph-names.ts";
import { derivedGraphs, type GraphSource } from "../../frontend/frontend-graphs.ts";
import { shippedGraph } from "../../frontend/shipped-graphs.ts";
import { MODULE_URL } from "../files/module-url.ts";
import { sha256Hex } from "../files/sha256.ts";
import { writeFileAtomic } from "../files/write-file.ts";
import type { AssetOptions } from "./assets.ts";
import { cacheDirectory } from "./cache-directory.ts";
import { knownEmbedding } from "./choose-embedding.ts";

/** Hexadecimal digits of the sha256 that a cached graph ends with. */
const DIGEST_LENGTH = 64;

/**
 * A front-end's graphs as files: those of Callsign's embedding from this package, those of Google's from the cache,
 * where they are written when first derived. Those of any other embedding are derived each time.
 * @param options.sha256 of the embedding, checked by `embedding`
 */
export function graphFiles(
  embedding: () => Promise<Uint8Array>,
  options: { readonly sha256: string; readonly assets?: AssetOptions | undefined },
): GraphSource {
  const { sha256, assets = {} } = options;
  const derive = derivedGraphs(embedding);
  return async (graph) => {
    // Also where its graphs are at hand: a file that is missing or not the card's is refused.
    await embedding();
    const shipped = await readShipped(graph, sha256);
    if (shipped !== undefined) return shipped;
    if (knownEmbedding(sha256) === undefined) return derive(graph);
    const path = join(
      assets.cacheDir ?? cacheDirectory(assets.env ? { env: assets.env } : {}),
      "graphs",
      `v${FRONTEND_GRAPHS_VERSION}-${sha256}-${graph}`,
    );
    const cached = await readCached(path);
    if (cached !== undefined) return cached;
    const bytes = await derive(graph);
    // A cache that cannot be written, as in a read-only container, costs the derivation each time and nothing else.
    await writeFileAtomic(path, Buffer.concat([bytes, Buffer.from(sha256Hex(bytes))])).catch(() => undefined);
    return bytes;
  };
}

/** The graph in this package or beside the bundle that this package is part of; undefined where it is not the very file. */
async function readShipped(graph: FrontendGraph, embeddingSha256: string): Promise<Uint8Array | undefined> {
  const shipped = shippedGraph(graph, embeddingSha256);
  if (shipped === undefined) return undefined;
  const packaged = new URL(`../../../assets/${shipped.file}`, MODULE_URL);
  for (const url of [packaged, new URL(basename(shipped.file), MODULE_URL)]) {
    const bytes = await readFile(fileURLToPath(url)).catch(() => undefined);
    if (bytes !== undefined && sha256Hex(bytes) === shipped.sha256) return bytes;
  }
  return undefined;
}

/** Undefined for an entry that is missing or damaged. */
async function readCached(path: string): Promise<Uint8Array | undefined> {
  const entry = await readFile(path).catch(() => undefined);
  if (entry === undefined) return undefined;
  const bytes = entry.subarray(0, -DIGEST_LENGTH);
  return sha256Hex(bytes) === entry.subarray(-DIGEST_LENGTH).toString("latin1") ? bytes : undefined;
}
