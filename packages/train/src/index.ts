// Config of a detector.
export { type DetectorConfig, parseDetectorConfig } from "./config/config.ts";
export type { EvaluationConfig, TrainConfig } from "./config/config-train.ts";
export { type RecipeOptions, writeRecipe } from "./recipe/write-recipe.ts";

// Training.
export {
  type Backend,
  BACKENDS,
  type BackendName,
} from "./backends/backend.ts";
export { loadBackend, type LoadedBackend, type SkippedBackend } from "./backends/load-backend.ts";
export { trainDetector, type TrainDetectorOptions, type TrainedDetector } from "./loop/train-detector.ts";
export type { TrainEvent } from "./loop/run.ts";
export type { EpochRecord } from "./loop/state.ts";

// Networks and their weights.
export type { Architecture, ParameterSpec, Weights } from "./models/architecture.ts";
export { type ArchitectureConfig, ARCHITECTURES, createArchitecture } from "./models/create-architecture.ts";
export { initialWeights } from "./weights/initial-weights.ts";

// Export.
export { type ExportedModel, exportModel, type ExportModelOptions } from "./export/export-model.ts";
export { exportCheckpoint, type ExportCheckpointOptions } from "./export/export-checkpoint.ts";

// Distilled speech embeddings.
export { type EmbeddingConfig, parseEmbeddingConfig } from "./embedding/embedding-config.ts";
export { type MadeEmbedding, makeEmbedding, type MakeEmbeddingOptions } from "./embedding/make-embedding.ts";
export type { EmbeddingProgress } from "./embedding/train-embedding.ts";
