export * from "./internal.ts";
export * from "@callsign/audio/web/internal";
