// Config of a detector.
export { type DetectorConfig, parseDetectorConfig } from "./config/config.ts";
export type { EvaluationConfig, TrainConfig } from "./config/config-train.ts";
export type { RecipeBudget } from "./recipe/recipe-budget.ts";
export { type RecipeOptions, writeRecipe } from "./recipe/write-recipe.ts";

// Training.
export { type Backend, BACKENDS, type BackendName } from "./backends/backend.ts";
export { loadBackend, type LoadedBackend, type SkippedBackend } from "./backends/load-backend.ts";
export { trainDetector, type TrainDetectorOptions, type TrainedDetector } from "./loop/train-detector.ts";
export type { TrainEvent } from "./loop/run.ts";
export type { EpochRecord } from "./loop/state.ts";
export type { FinishedTraining } from "./select/finish-training.ts";
export type { Validation } from "./select/validate.ts";
export type { Progress } from "@callsign/infer";
export { type ToolIdentity, toolIdentity } from "@callsign/infer/node/internal";

// Networks and their weights.
export type { Architecture } from "./models/architecture.ts";
export type { Initialisation, Parameterised, ParameterSpec, Weights } from "./weights/parameters.ts";
export { type ArchitectureConfig, ARCHITECTURES, createArchitecture } from "./models/create-architecture.ts";
export type { MlpConfig } from "./models/mlp.ts";
export type { SequenceConfig } from "./models/conv-attention.ts";
export { initialWeights } from "./weights/initial-weights.ts";

// Export.
export { type ExportedModel, exportModel, type ExportModelOptions } from "./export/export-model.ts";
export { exportCheckpoint, type ExportCheckpointOptions } from "./export/export-checkpoint.ts";

// Distilled speech embeddings.
export { type EmbeddingConfig, parseEmbeddingConfig } from "./embedding/embedding-config.ts";
export { type MadeEmbedding, makeEmbedding, type MakeEmbeddingOptions } from "./embedding/make-embedding.ts";
export type { EmbeddingProgress } from "./embedding/train-embedding.ts";
