import { CallsignError, type CallsignErrorCode } from "@callsign/audio/internal";

export interface FetchBytesOptions {
  readonly signal?: AbortSignal;
  /** Error code. Default `MODEL_NOT_FOUND`. */
  readonly code?: CallsignErrorCode;
}

/**
 * Fetches a file. An HTML page counts as an error, since many servers answer with one and status 200 for a missing file.
 * @throws CallsignError `options.code`, `ABORTED`
 */
export async function fetchBytes(
  url: string,
  { signal, code = "MODEL_NOT_FOUND" }: FetchBytesOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = (reason: string, cause?: unknown): CallsignError =>
    signal?.aborted === true
      ? new CallsignError("ABORTED", `${url}: the download was aborted`, { cause: signal.reason })
      : new CallsignError(
          code,
          `${url}: ${reason}; check the address, and that its server allows this page to fetch it`,
          { cause },
        );
  try {
    const response = await fetch(url, { ...(signal && { signal }) });
    if (!response.ok) throw refuse(`the server answered ${response.status} ${response.statusText}`.trim());
    if (response.headers.get("content-type")?.startsWith("text/html") === true)
      throw refuse("the server answered with an HTML page instead of the file");
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw error instanceof CallsignError ? error : refuse(`the download failed: ${String(error)}`, error);
  }
}
