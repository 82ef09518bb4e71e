export * from "./adamw.ts";
export * from "./backends/backend.ts";
export * from "./backends/load-backend.ts";
export * from "./checkpoint-weights.ts";
export * from "./export-checkpoint.ts";
export * from "./export-model.ts";
export * from "./flat-weights.ts";
export * from "./initial-weights.ts";
export * from "./learner.ts";
export * from "./loss.ts";
export * from "./models/architecture.ts";
export * from "./models/conv-attention.ts";
export * from "./models/create-architecture.ts";
export * from "./models/crnn.ts";
export * from "./models/dnn.ts";
export * from "./models/fused-block.ts";
export * from "./models/mlp.ts";
export * from "./onnx/encode-classifier.ts";
export * from "./schedule.ts";
export * from "./tensorflow.ts";
export * from "./batches.ts";
export * from "./changed-fields.ts";
export * from "./config.ts";
export * from "./config-train.ts";
export {
  type EarlierTraining,
  findEarlierTraining,
  nextEarlierFolder,
  TRAINING_FILES,
} from "./earlier-training.ts";
export * from "./finish-training.ts";
export * from "./fold-calibration.ts";
export * from "./label-policy.ts";
export * from "./model-readme.ts";
export * from "./resolve-training.ts";
export * from "./shards/feature-cache.ts";
export * from "./shards/open-shards.ts";
export * from "./shards/shard-table.ts";
export * from "./shards/window-stream.ts";
export * from "./train-detector.ts";
export type { TrainEvent } from "./training-run.ts";
export * from "./training-checkpoint.ts";
export * from "./training-report.ts";
export * from "./training-state.ts";
export * from "./validation/calibrate.ts";
export * from "./validation/expected-cost.ts";
export * from "./validation/scored-stream.ts";
export * from "./validation/sweep-thresholds.ts";
export * from "./validation/validate.ts";
export {
  type EmbeddingConfig,
  embeddingConfigSchema,
  parseEmbeddingConfig,
} from "./embedding/embedding-config.ts";
export {
  EMBEDDING_FILES,
  type MadeEmbedding,
  makeEmbedding,
  type MakeEmbeddingOptions,
} from "./embedding/make-embedding.ts";
export type { EmbeddingProgress } from "./embedding/train-embedding.ts";
export * from "./recipe/estimate-stages.ts";
export * from "./recipe/recipe-budget.ts";
export * from "./recipe/write-recipe.ts";
