import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Exports an untrained `conv-attention` into a new temporary folder, the caller's to remove: what a step costs does not
 * depend on what the weights have learnt. On the embedding carried with Callsign, or another of which only id and hash are needed.
 */
export async function makeUntrainedModel(other?: {
  readonly id: string;
  readonly sha256: string;
}): Promise<string> {
  const { createRandom } = await import("@callsign/data");
  const { CALLSIGN_EMBEDDING } = await import("@callsign/infer/node");
  const { createArchitecture, exportModel, initialWeights } = await import("@callsign/train");
  const { id, sha256 } = other ?? CALLSIGN_EMBEDDING;
  const outDir = await mkdtemp(join(tmpdir(), "callsign-untrained-"));
  const architecture = createArchitecture({ name: "conv-attention" });
  await exportModel({
    architecture,
    weights: initialWeights(architecture, createRandom("bench")),
    name: id === CALLSIGN_EMBEDDING.id ? "untrained" : `untrained on ${id}`,
    labels: ["command"],
    thresholds: { command: 0.5 },
    embedding: { id, sha256 },
    outDir,
  });
  return outDir;
}
