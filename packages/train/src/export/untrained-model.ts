import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@callsign/data/internal";
import { CALLSIGN_EMBEDDING, sha256File, SPEECH_EMBEDDING } from "@callsign/infer/node/internal";
import { createArchitecture } from "../models/create-architecture.ts";
import { initialWeights } from "../weights/initial-weights.ts";
import { exportModel } from "./export-model.ts";

/**
 * Exports a `conv-attention` with initial weights, for benchmarks: the cost of a step does not depend on the weights.
 * Returns a new temporary folder, which the caller removes.
 * @param embeddingPath speech embedding of the model. Default: the one carried with Callsign
 */
export async function makeUntrainedModel(embeddingPath?: string): Promise<string> {
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
