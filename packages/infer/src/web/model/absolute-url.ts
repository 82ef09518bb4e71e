import { CallsignError } from "@callsign/audio/internal";

/**
 * Absolute URL; a relative one is resolved against that of the page or worker.
 * @throws CallsignError `INVALID_ARGUMENT`
 */
export function absoluteUrl(url: string | URL): URL {
  try {
    return new URL(url, globalThis.location?.href);
  } catch (cause) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `expected an address such as "model/" or "https://example.org/model/", got ${JSON.stringify(url)}`,
      { cause },
    );
  }
}
