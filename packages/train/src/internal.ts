export * from "./optimize/adamw.ts";
export * from "./backends/backend.ts";
export * from "./backends/load-backend.ts";
export * from "./weights/checkpoint-weights.ts";
export * from "./export/export-checkpoint.ts";
export * from "./export/export-model.ts";
export * from "./weights/flat-weights.ts";
export * from "./weights/initial-weights.ts";
export * from "./optimize/learner.ts";
export * from "./optimize/loss.ts";
export * from "./models/architecture.ts";
export * from "./weights/parameters.ts";
export * from "./models/conv-attention.ts";
export * from "./models/create-architecture.ts";
export * from "./models/crnn.ts";
export * from "./models/dnn.ts";
export * from "./models/layers/fused-block.ts";
export * from "./models/mlp.ts";
export * from "./export/onnx/encode-classifier.ts";
export * from "./optimize/schedule.ts";
export * from "./backends/import-tensorflow.ts";
export * from "./batches/batches.ts";
export * from "./batches/negative-shares.ts";
export * from "./batches/people-noise.ts";
export * from "./config/changed-fields.ts";
export * from "./config/config.ts";
export * from "./config/config-train.ts";
export {
  type EarlierTraining,
  findEarlierTraining,
  nextEarlierFolder,
  TRAINING_FILES,
} from "./loop/earlier-training.ts";
export * from "./select/finish-training.ts";
export * from "./select/fold-calibration.ts";
export * from "./export/model-readme.ts";
export * from "./config/resolve-training.ts";
export * from "./shards/feature-store.ts";
export * from "./shards/open-shards.ts";
export * from "./shards/shard-table.ts";
export * from "./shards/permutation.ts";
export * from "./shards/window-stream.ts";
export * from "./shards/window-table.ts";
export * from "./loop/train-detector.ts";
export type { TrainEvent } from "./loop/run.ts";
export * from "./loop/checkpoint.ts";
export * from "./export/training-report.ts";
export * from "./export/untrained-model.ts";
export * from "./loop/state.ts";
export * from "./select/calibrate.ts";
export * from "./select/expected-cost.ts";
export * from "./select/scored-stream.ts";
export * from "./select/choose-threshold.ts";
export * from "./select/false-accept-tail.ts";
export * from "./select/validate.ts";
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
export * from "./recipe/measure-training.ts";
export * from "./recipe/recipe-budget.ts";
export * from "./recipe/name-of-phrases.ts";
export * from "./recipe/write-recipe.ts";
export * from "./sweep/format-variants.ts";
export * from "./sweep/variants.ts";
