import { setTimeout as delay } from "node:timers/promises";

import { CallsignError } from "@callsign/audio/internal";
import type { DownloadProgress } from "@callsign/infer/node/internal";

/** Access to a hub. Everything is passed in; nothing here reads the environment. */
export interface HubAccess {
  /** Such as `https://huggingface.co`. */
  readonly endpoint: string;
  readonly token?: string | undefined;
  readonly fetch: typeof fetch;
  readonly signal?: AbortSignal | undefined;
  /** Waits between tries; tests pass one that does not. */
  readonly sleep?: ((milliseconds: number, signal?: AbortSignal) => Promise<void>) | undefined;
  /** Tries before giving up on a busy or broken server. Default 5. */
  readonly attempts?: number | undefined;
}

/** A dataset repository on a hub. */
export interface HubRepository extends HubAccess {
  /** Such as `fixie-ai/common_voice_17_0`. */
  readonly repository: string;
  /** Branch, tag or commit; resolved to a commit once, so that one pass reads one state. */
  readonly revision: string;
  /** Folder whole files are downloaded to, and found in by the next run. */
  readonly cacheDir: string;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** Name of the requested file or folder, for messages. */
type Place = string;

/**
 * A `fetch` for a hub: sends the token to the hub and nowhere else, and turns the answers that no second try will
 * change (401, 403, 404) into errors that say what to do. @throws CallsignError HUB_UNAUTHORIZED, HUB_NOT_FOUND
 */
export function createHubFetch(access: HubAccess, place: Place): typeof fetch {
  const { origin } = new URL(access.endpoint);
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init.headers);
    if (access.token !== undefined && new URL(url).origin === origin)
      headers.set("authorization", `Bearer ${access.token}`);
    const response = await access.fetch(url, {
      ...init,
      headers,
      signal: init.signal ?? access.signal ?? null,
    });
    const refusal = explainRefusal(response, { access, place });
    if (refusal === undefined) return response;
    await response.body?.cancel();
    throw refusal;
  };
}

/**
 * Runs one request, its body included, and again where that can help: busy (429, waiting as Retry-After asks), broken
 * (5xx), cut off in the middle. @throws CallsignError HUB_RATE_LIMITED, DOWNLOAD_FAILED, ABORTED, or what `request` throws
 */
export async function withRetries<T>(access: HubAccess, place: Place, request: () => Promise<T>): Promise<T> {
  const { attempts = 5, sleep = pause, signal } = access;
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (cause) {
      if (signal?.aborted) throw new CallsignError("ABORTED", `${place}: reading was stopped`, { cause });
      if (cause instanceof CallsignError) throw cause;
      const { status, afterMs } =
        cause instanceof BusyHub ? cause : { status: undefined, afterMs: undefined };
      if (attempt >= attempts || (afterMs ?? 0) > LONGEST_WAIT_MS)
        throw gaveUp(cause, { place, attempt, status, afterMs });
      await sleep(afterMs ?? 500 * 2 ** (attempt - 1), signal);
    }
  }
}

/** Throws for an answer that another try may change. To be called within `withRetries`. */
export async function requireSuccess(response: Response): Promise<Response> {
  if (response.ok) return response;
  await response.body?.cancel();
  throw new BusyHub(response);
}

/** An answer other than success, with what it says about trying again. */
class BusyHub extends Error {
  readonly status: number;
  readonly afterMs: number | undefined;

  constructor({ status, statusText, headers }: Response) {
    super(`HTTP ${status} ${statusText}`.trim());
    this.status = status;
    this.afterMs = retryAfterMs(headers.get("retry-after"));
  }
}

/** Longest wait before a retry; if the hub asks for more, the request fails. */
const LONGEST_WAIT_MS = 60_000;

/** Seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

interface Attempted {
  readonly place: Place;
  readonly attempt: number;
  readonly status: number | undefined;
  readonly afterMs: number | undefined;
}

function gaveUp(cause: unknown, { place, attempt, status, afterMs }: Attempted): CallsignError {
  const tried = attempt === 1 ? "" : ` (tried ${attempt} times)`;
  if (status === 429) {
    const wait = afterMs === undefined ? "later" : `in ${Math.ceil(afterMs / 1000)} s`;
    const message = `${place}: the hub limits how much may be asked (HTTP 429)${tried}; try again ${wait}, or with a token (HF_TOKEN)`;
    return new CallsignError("HUB_RATE_LIMITED", message, { cause });
  }
  const inner = cause instanceof Error && cause.cause instanceof Error ? `: ${cause.cause.message}` : "";
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CallsignError("DOWNLOAD_FAILED", `${place}: ${reason}${inner}${tried}`, { cause });
}

function explainRefusal(
  response: Response,
  { access, place }: { readonly access: HubAccess; readonly place: Place },
): CallsignError | undefined {
  const { status } = response;
  if (status === 404) {
    const message = `${place}: not found at ${access.endpoint} (HTTP 404); check repository, revision and language`;
    return new CallsignError("HUB_NOT_FOUND", message);
  }
  if (status !== 401 && status !== 403) return undefined;
  const token =
    access.token === undefined
      ? "no token was given: set HF_TOKEN to one that may read it"
      : "the token given may not read it: check HF_TOKEN";
  const gated = "if it is gated, accept its terms on its page first";
  return new CallsignError(
    "HUB_UNAUTHORIZED",
    `${place}: the hub refuses access (HTTP ${status}): the repository is private or gated, or does not exist; ${token}; ${gated}`,
  );
}

const pause = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
  await delay(milliseconds, undefined, { ...(signal && { signal }) });
};
