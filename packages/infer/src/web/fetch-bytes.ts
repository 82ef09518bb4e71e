import { CallsignError } from "../errors.ts";

/**
 * Fetches a file whole.
 * @throws CallsignError `MODEL_NOT_FOUND`, `ABORTED`
 */
export async function fetchBytes(url: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = (reason: string, cause?: unknown): CallsignError =>
    new CallsignError(
      "MODEL_NOT_FOUND",
      `${url}: ${reason}; is the address right, and does its server allow this page?`,
      {
        cause,
      },
    );
  const response = await fetch(url, { ...(signal && { signal }) }).catch((cause: unknown) => {
    if (signal?.aborted) throw new CallsignError("ABORTED", `${url}: stopped`, { cause });
    throw refuse(String(cause), cause);
  });
  if (!response.ok) throw refuse(`the server answered ${response.status} ${response.statusText}`.trim());
  return new Uint8Array(await response.arrayBuffer());
}
