import type { ModelCard } from "@callsign/infer/internal";

/** A valid card of the openWakeWord kind; tests change what they are about. */
export function exampleCard(changes: Partial<ModelCard> = {}): ModelCard {
  return {
    formatVersion: 1,
    name: "hello",
    labels: ["hello"],
    classifier: { file: "model.onnx", sha256: "a".repeat(64), bytes: 1234 },
    frontend: {
      id: "callsign-log-mel-1",
      floor: "chunk",
      embedding: {
        id: "google-speech-embedding",
        sha256: "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
      },
    },
    audioScale: "int16",
    sampleRateHz: 16_000,
    windowing: { kind: "embedding-sequence", embeddings: 16, hopLength: 1280 },
    decision: { thresholds: { hello: 0.5 }, patience: 1, refractorySeconds: 0 },
    createdBy: { tool: "test", version: "0" },
    ...changes,
  };
}

/** The card of the published kind: the last 13,000 samples at every 512. */
export function slidingCard(changes: Partial<ModelCard> = {}): ModelCard {
  const card = exampleCard(changes);
  return {
    ...card,
    frontend: { ...card.frontend, floor: "window" },
    windowing: { kind: "sliding-audio", windowLength: 13_000, hopLength: 512 },
  };
}
