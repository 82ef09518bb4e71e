export * from "./capture-worklet.ts";
export * from "./chunk-queue.ts";
export * from "./microphone.ts";
