import { expect } from "vitest";
import type { CallsignErrorCode } from "@callsign/audio/internal";

/** Matches the `CallsignError` of this code whose message contains `text`; for `toThrow` and `rejects.toEqual`. */
export const refusal = (code: CallsignErrorCode, text: string): unknown =>
  expect.objectContaining({ name: "CallsignError", code, message: expect.stringContaining(text) });
