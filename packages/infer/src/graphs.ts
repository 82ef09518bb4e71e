// What needs the ONNX editor, apart from `internal`: detection loads it only for an unknown embedding.
export * from "./export/opset.ts";
export * from "./frontend/derive-graph.ts";
export * from "./frontend/embedding-clamp.ts";
export * from "./frontend/embedding-graph.ts";
export * from "./frontend/log-mel-graph.ts";
export * from "./frontend/streaming/stream-graph.ts";
export * from "./frontend/streaming/stream-state.ts";
export * from "./frontend/streaming/streaming-embedding.ts";
