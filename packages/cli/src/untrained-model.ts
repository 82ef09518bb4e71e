import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Exports an untrained `conv-attention` on the embedding carried with Callsign into a new temporary folder, the caller's
 * to remove: what a step costs does not depend on what the weights have learnt.
 */
export async function makeUntrainedModel(): Promise<string> {
  const { createRandom } = await import("@callsign/data");
  const { CALLSIGN_EMBEDDING } = await import("@callsign/infer/node");
  const { createArchitecture, exportModel, initialWeights } = await import("@callsign/train");
  const outDir = await mkdtemp(join(tmpdir(), "callsign-untrained-"));
  const architecture = createArchitecture({ name: "conv-attention" });
  await exportModel({
    architecture,
    weights: initialWeights(architecture, createRandom("bench")),
    name: "untrained",
    labels: ["command"],
    thresholds: { command: 0.5 },
    embedding: { id: CALLSIGN_EMBEDDING.id, sha256: CALLSIGN_EMBEDDING.sha256 },
    outDir,
  });
  return outDir;
}
