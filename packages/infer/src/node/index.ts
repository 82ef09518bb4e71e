export * from "./internal.ts";
export * from "@callsign/audio/node/internal";
