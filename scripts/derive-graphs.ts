// Writes the graphs that @callsign/infer ships, and the table of their sha256s: `npm run derive-graphs`.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deriveGraph } from "@callsign/infer/graphs/internal";
import { FRONTEND_GRAPHS, type FrontendGraph } from "@callsign/infer/internal";
import { CALLSIGN_EMBEDDING, sha256Hex, writeFileAtomic } from "@callsign/infer/node/internal";

const infer = fileURLToPath(new URL("../packages/infer", import.meta.url));

/** The files of a checkout that this script makes, by their path in `packages/infer`. */
export async function shippedFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const embedding = await readFile(fileURLToPath(CALLSIGN_EMBEDDING.packaged));
  const files = new Map<string, Uint8Array>();
  const rows: string[] = [];
  for (const graph of FRONTEND_GRAPHS) {
    const bytes = deriveGraph(graph, embedding);
    const file = `${graph.startsWith("log-mel") ? "" : "callsign-embedding-"}${graph}.onnx`;
    files.set(`assets/graphs/${file}`, bytes);
    rows.push(row(graph, { file: `graphs/${file}`, sha256: sha256Hex(bytes) }));
  }
  return files.set("src/frontend/shipped-graphs.ts", new TextEncoder().encode(table(rows)));
}

const row = (graph: FrontendGraph, { file, sha256 }: { file: string; sha256: string }): string =>
  `  ${/-/.test(graph) ? JSON.stringify(graph) : graph}: {
    file: "${file}",
    sha256: "${sha256}",
  },`;

const table = (rows: readonly string[]): string => `// Made by scripts/derive-graphs.ts.
import type { FrontendGraph } from "./graph-names.ts";

/** A graph in the assets of this package. */
export interface ShippedGraph {
  /** Path in \`assets\`. */
  readonly file: string;
  readonly sha256: string;
}

/** The shipped graph of a front-end with this embedding, if there is one. */
export const shippedGraph = (graph: FrontendGraph, embeddingSha256: string): ShippedGraph | undefined =>
  graph.startsWith("log-mel") || embeddingSha256 === EMBEDDING_SHA256 ? SHIPPED[graph] : undefined;

/** sha256 of callsign-embedding.onnx. */
const EMBEDDING_SHA256 = "${CALLSIGN_EMBEDDING.sha256}";

const SHIPPED: Readonly<Record<FrontendGraph, ShippedGraph>> = {
${rows.join("\n")}
};
`;

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [path, bytes] of await shippedFiles()) await writeFileAtomic(join(infer, path), bytes);
