import {
  type DetectorConfig,
  loadBackend,
  parseDetectorConfig,
  trainDetector,
  type TrainDetectorOptions,
  type TrainedDetector,
  type TrainEvent,
} from "@callsign/train/internal";

/** A config of a small network for synthetic shards; `train` fields on top. */
export function smallConfig(
  train: object = {},
  { labels = ["galactic"], embeddings = 1 } = {},
): DetectorConfig {
  return parseDetectorConfig(
    {
      name: "small",
      labels: labels.map((label) => ({ label, phrases: [label] })),
      windowing: embeddings === 1 ? { kind: "sliding-audio" } : { kind: "embedding-sequence", embeddings },
      train: {
        epochs: 4,
        stepsPerEpoch: 20,
        batch: { positives: 16, negatives: 32 },
        architecture: embeddings === 1 ? { blocks: 1, width: 16 } : { width: 16 },
        optimizer: { learningRate: 0.01 },
        ...train,
      },
    },
    { name: "small.yaml" },
  );
}

/** Trains to the end, by default on the onnxruntime backend; every event is kept. */
export async function trainAll(
  options: Omit<TrainDetectorOptions, "backend"> & {
    readonly onEvent?: (event: TrainEvent) => void;
    readonly backendName?: string;
  },
): Promise<{ readonly trained: TrainedDetector; readonly events: readonly TrainEvent[] }> {
  const { backend } = await loadBackend(options.backendName ?? "onnxruntime");
  const events: TrainEvent[] = [];
  const stages = trainDetector({ ...options, backend });
  for (;;) {
    const { done, value } = await stages.next();
    if (done === true) return { trained: value, events };
    events.push(value);
    options.onEvent?.(value);
  }
}
