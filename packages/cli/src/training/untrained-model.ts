import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Exports an untrained `conv-attention` into a new temporary folder, the caller's to remove: what a step costs does not
 * depend on what the weights have learnt. It names the embedding carried with Callsign, or the one in this file.
 */
export async function makeUntrainedModel(embeddingPath?: string): Promise<string> {
  const { createRandom } = await import("@callsign/data/internal");
  const { CALLSIGN_EMBEDDING, sha256File, SPEECH_EMBEDDING } = await import("@callsign/infer/node/internal");
  const { createArchitecture, exportModel, initialWeights } = await import("@callsign/train/internal");
  const sha256 = embeddingPath === undefined ? CALLSIGN_EMBEDDING.sha256 : await sha256File(embeddingPath);
  const { id } = sha256 === SPEECH_EMBEDDING.sha256 ? SPEECH_EMBEDDING : CALLSIGN_EMBEDDING;
  const outDir = await mkdtemp(join(tmpdir(), "callsign-untrained-"));
  const architecture = createArchitecture({ name: "conv-attention" });
  await exportModel({
    architecture,
    weights: initialWeights(architecture, createRandom("bench")),
    name: sha256 === CALLSIGN_EMBEDDING.sha256 ? "untrained" : `untrained on ${id} ${sha256.slice(0, 8)}`,
    labels: ["command"],
    thresholds: { command: 0.5 },
    embedding: { id, sha256 },
    outDir,
  });
  return outDir;
}
