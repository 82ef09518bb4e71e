import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { CallsignError } from "@callsign/audio/internal";

/** sha256 as 64 lower-case hexadecimal digits. Browsers offer `crypto.subtle` in secure contexts only, so it is not used. */
export const sha256Hex = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));

/** Checks the sha256 of a file against its card. @throws CallsignError `CARD_MISMATCH` */
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
