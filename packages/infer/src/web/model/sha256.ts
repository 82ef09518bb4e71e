import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { CallsignError } from "@callsign/audio/internal";

/**
 * Sha256 as 64 lower-case hexadecimal digits. Not `crypto.subtle`, which browsers withhold from pages that come over
 * plain http.
 */
export const sha256Hex = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));

/** Checks a file against the sha256 that a card has for it. @throws CallsignError `CARD_MISMATCH` */
export function checkSha256(
  bytes: Uint8Array,
  { name, sha256 }: { readonly name: string; readonly sha256: string },
): void {
  const got = sha256Hex(bytes);
  if (got === sha256) return;
  throw new CallsignError(
    "CARD_MISMATCH",
    `${name}: the model's card names a file with sha256 ${sha256}, got ${bytes.length} bytes with ${got}`,
  );
}
