export * from "./errors.ts";
export * from "./audio/audio.ts";
export * from "./matrix.ts";
export * from "./session.ts";
