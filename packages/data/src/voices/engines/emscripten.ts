/* oxlint-disable no-underscore-dangle -- names of functions that Emscripten exports */
import type { Audio } from "@callsign/audio/internal";
import { synthesisFailed } from "../synthesis-error.ts";

/** A speech program in this process, opened again after a failure. */
export interface Program<Opened> {
  /** Speaks with the opened program; `text` is shown in messages. @throws CallsignError `SYNTHESIS_FAILED` */
  speak(text: string, synthesize: (opened: Opened) => Audio): Promise<Audio>;
}

/** Opens a program, and opens it again for the next clip after one that failed, since a trap leaves the stack pointer changed. */
export async function openProgram<Opened>(
  engine: string,
  open: () => Promise<Opened>,
): Promise<Program<Opened>> {
  let opened: Opened | undefined = await open();
  return {
    async speak(text, synthesize) {
      opened ??= await open();
      try {
        return synthesize(opened);
      } catch (cause) {
        opened = undefined;
        throw synthesisFailed({ engine, text, reason: String(cause), cause });
      }
    },
  };
}

/** Allocates a string with its final zero in a module's memory. @returns its address and its length in bytes, with the zero */
export function allocateString(
  module: { readonly HEAPU8: Uint8Array; _malloc(bytes: number): number },
  text: string,
): { readonly at: number; readonly length: number } {
  const bytes = new TextEncoder().encode(`${text}\0`);
  const at = module._malloc(bytes.length);
  module.HEAPU8.set(bytes, at);
  return { at, length: bytes.length };
}
