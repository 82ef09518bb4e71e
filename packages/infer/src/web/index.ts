export * from "./web-session.ts";
export * from "./web-model.ts";
export * from "./web-detector.ts";
export * from "./detector-worker.ts";
export * from "./worker-detector.ts";
export * from "./microphone.ts";
